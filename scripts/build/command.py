"""`make build`."""

from __future__ import annotations

import time

from scripts.build.builder import Builder, check_python
from scripts.console import duration, fail, say, show_table, size
from scripts.environment import CACHE, ROOT

PLATFORMS = {"arm64": "linux_arm64", "x86_64": "linux_x86_64", "host": "host"}


def build(platform: str = "host", *, table: bool = True) -> bool:
    """Build the artifacts of this repository into build/; return whether anything had to be built.

    `platform` is "arm64" or "x86_64" (Lambda's processors) or "host" (this machine, for the local cloud).

    Raises:
        Failure: something cannot be built.
    """
    if platform not in PLATFORMS:
        fail(f"there is no platform {platform!r}", f"use one of: {', '.join(PLATFORMS)}")
    check_python()
    started = time.monotonic()
    built = Builder(ROOT, ROOT / "build", CACHE / "build", PLATFORMS[platform]).build()
    changed = [one for one in built if one.rebuilt]
    if table:
        rows = [
            (
                one.name,
                size(one.artifact.size),
                size(one.artifact.unzipped_size),
                one.artifact.sha256[:12],
                one.artifact.platform,
                "rebuilt" if one.rebuilt else "kept",
            )
            for one in built
        ]
        show_table(["artifact", "zipped>", "unzipped>", "sha256", "platform", ""], rows)
        say(
            f"build: {len(changed)} rebuilt, {len(built) - len(changed)} kept in {duration(time.monotonic() - started)}"
        )
    return bool(changed)
