"""How long `make build` takes, against installing the same packages with nothing but uv."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.bench import budgets
from scripts.bench.stats import Summary, paired_ratio, summarize
from scripts.bench.variants import ROOT, install
from scripts.console import fail

if TYPE_CHECKING:
    from collections.abc import Callable

# What `make build` does, with an empty cache and another place to write to.
COLD_BUILD = """
import sys
from pathlib import Path
from scripts.build.builder import Builder
Builder(Path(sys.argv[1]), Path(sys.argv[2]) / "out", Path(sys.argv[2]) / "cache").build()
"""


@dataclass(frozen=True, slots=True)
class Packaging:
    """Seconds on the clock. `install` is `uv pip install` of the layer's locked set from uv's own warm cache."""

    warm: Summary
    cold: Summary
    install: Summary
    cold_per_install: float


def measure(rounds: int, note: Callable[[str], None]) -> Packaging:
    """Build warm and cold and install, in turn, `rounds` times.

    Raises:
        Failure: a build or an installation failed.
    """
    build()
    warm, cold, installed = [], [], []
    for number in range(rounds):
        note(f"round {number + 1} of {rounds}")
        warm.append(build())
        with tempfile.TemporaryDirectory() as folder:
            cold.append(_run([sys.executable, "-c", COLD_BUILD, str(ROOT), folder]))
            started = time.perf_counter()
            install(Path(folder) / "installed")
            installed.append(time.perf_counter() - started)
    ratio = paired_ratio(cold, installed).median
    return Packaging(summarize(warm), summarize(cold), summarize(installed), ratio)


def verdicts(packaging: Packaging) -> list[budgets.Verdict]:
    """Hold the build against its budgets."""
    return [
        budgets.Verdict("make build, nothing changed", packaging.warm.median, budgets.WARM_BUILD_SECONDS, "s"),
        budgets.Verdict(
            "make build from nothing / uv pip install", packaging.cold_per_install, budgets.COLD_BUILD_PER_INSTALL
        ),
    ]


def build() -> float:
    """Run `make build`; return the seconds it took.

    Raises:
        Failure: it failed.
    """
    return _run([sys.executable, "-m", "scripts", "build"])


def _run(command: list[str]) -> float:
    """Run to the end; return the seconds it took."""
    started = time.perf_counter()
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        fail(f"{' '.join(command[1:4])} failed:\n{result.stdout}{result.stderr}", "make build")
    return time.perf_counter() - started
