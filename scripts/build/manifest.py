"""build/manifest.json: the one thing that Terraform and the local cloud read about the artifacts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from scripts.build.dependencies import PYTHON

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Artifact:
    """One ZIP. Sizes are in bytes; `path` is relative to the manifest; `platform` is "any" for pure Python."""

    path: str
    sha256: str
    size: int
    unzipped_size: int
    platform: str


def write_manifest(path: Path, artifacts: Mapping[str, Artifact]) -> None:
    """Write the manifest, unless it already says the same."""
    listed = {name: asdict(artifacts[name]) for name in sorted(artifacts)}
    text = json.dumps({"schema": SCHEMA, "python": PYTHON, "artifacts": listed}, indent=2) + "\n"
    if path.is_file() and path.read_text() == text:
        return
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)
