"""What one more request costs a process that is warm: CPU, because the wall time is mostly ours and the stub's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.bench.function_process import started
from scripts.bench.stats import Summary, summarize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scripts.bench.cold_start import Case

BATCHES = 5


@dataclass(frozen=True, slots=True)
class Warm:
    """Microseconds of CPU per request, over batches of requests."""

    variant: str
    request: str
    cpu: Summary


def measure(cases: Sequence[Case], requests: int, endpoint: str, note: Callable[[str], None]) -> list[Warm]:
    """Send every case's process `requests` requests in batches, after one batch that warms it up.

    Raises:
        RuntimeApiError: a function failed or gave another answer than the expected one.
    """
    return [_measure_one(case, requests // BATCHES, endpoint, note) for case in cases]


def _measure_one(case: Case, batch: int, endpoint: str, note: Callable[[str], None]) -> Warm:
    note(f"{case.variant.name}, {case.invocation.name}")
    with started(case.variant, endpoint) as function:
        function.invoke(case.invocation)
        function.invoke_many(case.invocation, batch)
        costs = [function.invoke_many(case.invocation, batch).cpu / batch * 1e6 for _ in range(BATCHES)]
    return Warm(*case.key, summarize(costs))
