"""Cold starts of all variants, interleaved: a busy moment of the machine hits every variant, not one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scripts.bench import budgets
from scripts.bench.function_process import ColdStart, cold_start
from scripts.bench.stats import Summary, paired_ratio, summarize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scripts.bench.invocations import Invocation
    from scripts.bench.variants import Variant

FLOOR = "floor"
OURS = "ours"
PACKED = "usual packing"
STOCK = "stock"


@dataclass(frozen=True, slots=True)
class Case:
    """One bar of the comparison: which build, and which request it answers first."""

    variant: Variant
    invocation: Invocation

    @property
    def key(self) -> tuple[str, str]:
        """Names of the build and of the request."""
        return self.variant.name, self.invocation.name


@dataclass(slots=True)
class Results:
    """The cold starts of every case, round by round."""

    runs: dict[tuple[str, str], list[ColdStart]] = field(default_factory=dict)

    def series(self, key: tuple[str, str], value: Callable[[ColdStart], float]) -> list[float]:
        """Return one number per round."""
        return [value(run) for run in self.runs[key]]

    def summary(self, key: tuple[str, str], value: Callable[[ColdStart], float]) -> Summary:
        """Summarize one number over the rounds."""
        return summarize(self.series(key, value))

    def ratio(self, key: tuple[str, str], base: tuple[str, str], value: Callable[[ColdStart], float]) -> float:
        """Return how many times the base's number it is: the median over the rounds."""
        return paired_ratio(self.series(key, value), self.series(base, value)).median

    @property
    def floor(self) -> tuple[str, str]:
        """The case that everything is a multiple of."""
        return next(key for key in self.runs if key[0] == FLOOR)


def wall(run: ColdStart) -> float:
    """Seconds on the clock of INIT and first request."""
    return run.total.wall


def cpu(run: ColdStart) -> float:
    """Seconds of CPU of INIT and first request."""
    return run.total.cpu


def measure(cases: Sequence[Case], rounds: int, endpoint: str, note: Callable[[str], None]) -> Results:
    """Start every case once per round; the order rotates. A round before the first fills the disk cache for all.

    Raises:
        RuntimeApiError: a function failed or gave another answer than the expected one.
    """
    results = Results({case.key: [] for case in cases})
    for number in range(rounds + 1):
        shift = number % len(cases)
        for case in (*cases[shift:], *cases[:shift]):
            note(f"round {number} of {rounds}, {case.variant.name}, {case.invocation.name}")
            run = cold_start(case.variant, case.invocation, endpoint)
            if number:
                results.runs[case.key].append(run)
    return results


def verdicts(results: Results) -> list[budgets.Verdict]:
    """Hold every request of ours against the floor and against the other builds' answer to the same request.

    Judged by CPU time: the function waits for nothing, and on a shared machine the clock measures the neighbours too.
    """
    found = []
    for key in results.runs:
        name, request = key
        if name != OURS:
            continue
        ratio = results.ratio(key, results.floor, cpu)
        found.append(budgets.Verdict(f"cold {request}: ours / floor", ratio, budgets.COLD_START_PER_FLOOR))
        for base, limit in ((STOCK, budgets.COLD_START_PER_STOCK), (PACKED, budgets.COLD_START_PER_PACKED)):
            if (base, request) in results.runs:
                ratio = results.ratio(key, (base, request), cpu)
                found.append(budgets.Verdict(f"cold {request}: ours / {base}", ratio, limit))
    return found
