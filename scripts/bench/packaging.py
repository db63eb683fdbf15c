"""How long `make build` takes, against installing the same packages with nothing but uv."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.bench import budgets
from scripts.bench.function_process import Cost
from scripts.bench.stats import Summary, paired_ratio, summarize
from scripts.bench.variants import ROOT, install
from scripts.console import fail

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WARM = "make build, nothing changed"
COLD = "make build, from nothing"
INSTALL = "uv pip install of the same set"
COMPILED = "... with --compile-bytecode"
# What `make build` does, with an empty cache and another place to write to.
COLD_BUILD = """
import sys
from pathlib import Path
from scripts.build.builder import Builder
Builder(Path(sys.argv[1]), Path(sys.argv[2]) / "out", Path(sys.argv[2]) / "cache").build()
"""


@dataclass(frozen=True, slots=True)
class Packaging:
    """Seconds, by what was done: on the clock, and of CPU. uv installs from its own warm cache.

    `cold_per_compiled` is the CPU of a build from nothing over that of an installation with bytecode, as our ZIPs have.
    """

    wall: dict[str, Summary]
    cpu: dict[str, Summary]
    cold_per_compiled: float


def measure(rounds: int, note: Callable[[str], None]) -> Packaging:
    """Build warm, build from nothing and install, in turn, `rounds` times.

    Raises:
        Failure: a build or an installation failed.
    """
    build()
    costs: dict[str, list[Cost]] = {WARM: [], COLD: [], INSTALL: [], COMPILED: []}
    for number in range(rounds):
        note(f"round {number + 1} of {rounds}")
        with tempfile.TemporaryDirectory() as folder:
            costs[WARM].append(timed(build))
            costs[COLD].append(timed(_run, sys.executable, "-c", COLD_BUILD, str(ROOT), folder))
            costs[INSTALL].append(timed(install, Path(folder) / "plain"))
            costs[COMPILED].append(timed(install, Path(folder) / "compiled", "--compile-bytecode"))
    return summary(costs)


def summary(costs: dict[str, list[Cost]]) -> Packaging:
    """Summarize the rounds."""
    return Packaging(
        wall={name: summarize([one.wall for one in found]) for name, found in costs.items()},
        cpu={name: summarize(_cpu(found)) for name, found in costs.items()},
        cold_per_compiled=paired_ratio(_cpu(costs[COLD]), _cpu(costs[COMPILED])).median,
    )


def verdicts(packaging: Packaging) -> list[budgets.Verdict]:
    """Hold the build against its budgets, by CPU time as for cold starts."""
    ratio = packaging.cold_per_compiled
    return [
        budgets.Verdict(WARM, packaging.cpu[WARM].median, budgets.WARM_BUILD_SECONDS, "s"),
        budgets.Verdict(f"{COLD} / uv with bytecode", ratio, budgets.COLD_BUILD_PER_INSTALL),
    ]


def timed[**Arguments](action: Callable[Arguments, None], *given: Arguments.args, **named: Arguments.kwargs) -> Cost:
    """Do something in child processes; return what it took. No other child may end meanwhile."""
    cpu, clock = _children_cpu(), time.perf_counter()
    action(*given, **named)
    return Cost(time.perf_counter() - clock, _children_cpu() - cpu)


def build() -> None:
    """Run `make build`.

    Raises:
        Failure: it failed.
    """
    _run(sys.executable, "-m", "scripts", "build")


def _run(*command: str) -> None:
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        fail(f"{' '.join(command[1:4])} failed:\n{result.stdout}{result.stderr}", "make build")


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _cpu(costs: Sequence[Cost]) -> list[float]:
    return [one.cpu for one in costs]
