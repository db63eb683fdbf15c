"""ZIP files whose bytes depend on nothing but the names and contents of their entries."""

from __future__ import annotations

import stat
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

type Contents = Mapping[str, bytes]
"""Entries of an archive: path inside it, with slashes, to content."""

FIRST_MOMENT_OF_ZIP = (1980, 1, 1, 0, 0, 0)
READABLE_BY_ALL = (stat.S_IFREG | 0o644) << 16
UNIX = 3


def write_archive(path: Path, contents: Contents) -> None:
    """Write the entries sorted by name, with one fixed time and mode, and put the file in place at once.

    Entries are stored, not deflated: the bytes of deflate differ between zlib, zlib-ng and their versions, so a digest
    would differ between machines. Lambda unpacks a ZIP when the function is published, not when it starts.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, FIRST_MOMENT_OF_ZIP)
            entry.external_attr = READABLE_BY_ALL
            entry.create_system = UNIX
            archive.writestr(entry, contents[name])
    part.replace(path)


def read_archive(path: Path) -> dict[str, bytes]:
    """Return the entries of a ZIP file."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
