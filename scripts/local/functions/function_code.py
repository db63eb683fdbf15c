"""Deployed code on disk: a function's ZIP becomes /var/task and its layers, merged in order, /opt."""

from __future__ import annotations

import hashlib
import io
import secrets
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path


def unpack(folder: Path, kind: str, archives: Sequence[bytes]) -> Path:
    """Unpack archives over each other, later ones win; reuse the folder that the same bytes made before.

    The folder appears whole or not at all, so a kill in the middle leaves nothing that looks finished.
    """
    digest = hashlib.sha256(b"".join(hashlib.sha256(archive).digest() for archive in archives)).hexdigest()[:32]
    target = folder / f"{kind}-{digest}"
    if target.is_dir():
        return target
    temporary = folder / f".{target.name}-{secrets.token_hex(4)}"
    temporary.mkdir(parents=True)
    for archive in archives:
        _extract(archive, temporary)
    try:
        temporary.rename(target)
    except OSError:
        shutil.rmtree(temporary)
        if not target.is_dir():
            raise
    return target


def _extract(archive: bytes, target: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as content:
        for entry in content.infolist():
            path = content.extract(entry, target)
            mode = entry.external_attr >> 16 & 0o777
            if mode and not entry.is_dir():
                Path(path).chmod(mode | 0o400)
