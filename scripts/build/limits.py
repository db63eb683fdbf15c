"""Lambda's limits on size, checked when a ZIP is built instead of when it is deployed."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from scripts.console import fail, size

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ZIPPED_LIMIT = 50 * 1024 * 1024
UNZIPPED_LIMIT = 250 * 1024 * 1024
NAMED = 5


def check_limits(archives: Mapping[str, Path], layer: str) -> None:
    """Check every ZIP alone, and every service together with the layer.

    Raises:
        Failure: a limit is broken; the message names the largest contents.
    """
    unzipped = {name: _unzipped_size(path) for name, path in archives.items()}
    for name, path in archives.items():
        if path.stat().st_size > ZIPPED_LIMIT:
            _fail(name, f"is {size(path.stat().st_size)} zipped; Lambda takes {size(ZIPPED_LIMIT)}", [path])
        together = unzipped[name] + (unzipped.get(layer, 0) if name != layer else 0)
        if together > UNZIPPED_LIMIT:
            paths = [path] if name == layer else [path, archives[layer]]
            _fail(name, f"is {size(together)} unzipped with the layer; Lambda takes {size(UNZIPPED_LIMIT)}", paths)


def _unzipped_size(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _fail(name: str, problem: str, archives: list[Path]) -> None:
    weights: dict[str, int] = {}
    for path in archives:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                folder = "/".join(entry.filename.split("/")[:2])
                weights[folder] = weights.get(folder, 0) + entry.file_size
    largest = sorted(weights.items(), key=lambda item: -item[1])[:NAMED]
    listed = ", ".join(f"{folder} {size(weight)}" for folder, weight in largest)
    fail(f"{name} {problem}", f"its largest contents: {listed}")
