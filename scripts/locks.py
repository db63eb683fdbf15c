"""`make lock`: resolves every requirements.in to exact versions with hashes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from scripts.build.dependencies import PYTHON
from scripts.console import fail, step
from scripts.environment import ROOT

# Universal: one lock for every system. No URLs: which index serves the packages is the machine's business.
OPTIONS = ("--universal", "--generate-hashes", "--no-header", "--no-emit-index-url", "--quiet")


def lock(*, upgrade: bool = False) -> None:
    """Resolve the layer's, the services' and the development requirements, in this order: the last holds the first.

    Raises:
        Failure: a set has no solution.
    """
    services = sorted((ROOT / "services").glob("*/requirements.in"))
    layer = ROOT / "shared" / "requirements.in"
    for source in (layer, *services, ROOT / "requirements-dev.in"):
        name = source.relative_to(ROOT)
        with step(f"Locking {name}"):
            command = [str(Path(sys.executable).parent / "uv"), "pip", "compile", *OPTIONS, "--python-version", PYTHON]
            command += [str(name), "--output-file", str(name.with_suffix(".txt")), *(["--upgrade"] if upgrade else [])]
            command += _beside_the_layer(layer.with_suffix(".txt")) if source in services else []
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                fail(f"{name} cannot be resolved:\n{done.stderr.strip()}", f"correct {name} and run make lock again")


def _beside_the_layer(lock: Path) -> list[str]:
    """Return the options by which a service takes what the layer has from there, instead of shipping it again."""
    held = re.findall(r"^([a-z0-9-]+)==", lock.read_text(), re.MULTILINE)
    return ["--constraints", str(lock.relative_to(ROOT)), *(f"--no-emit-package={name}" for name in held)]
