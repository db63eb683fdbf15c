"""`make lock`: resolves every requirements.in to exact versions with hashes."""

from __future__ import annotations

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
    for source in (ROOT / "shared" / "requirements.in", *services, ROOT / "requirements-dev.in"):
        name = source.relative_to(ROOT)
        with step(f"Locking {name}"):
            command = [str(Path(sys.executable).parent / "uv"), "pip", "compile", *OPTIONS, "--python-version", PYTHON]
            command += [str(name), "--output-file", str(name.with_suffix(".txt")), *(["--upgrade"] if upgrade else [])]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                fail(f"{name} cannot be resolved:\n{done.stderr.strip()}", f"correct {name} and run make lock again")
