"""Samples at a memory size, what they cost, and which size to take. Pure."""

from __future__ import annotations

import json
import re
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripts.oncall.cost.model import price

if TYPE_CHECKING:
    from collections.abc import Sequence

DEARER_PERCENT = 15.0
"""What a shorter time may cost more than the cheapest size."""

FULL_PERCENT = 80.0
"""A size of which more is used is too small."""

_REPORT = re.compile(
    r"Duration: (?P<ms>[\d.]+) ms\s+Billed Duration: (?P<billed>\d+) ms.*?Max Memory Used: (?P<used>\d+) MB"
    r"(?:.*?Init Duration: (?P<init>[\d.]+) ms)?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One invocation: ms that it took and that are billed, MB used, ms of its INIT (0: it was warm)."""

    ms: float
    billed_ms: float
    used_mb: float
    init_ms: float

    @property
    def cold_ms(self) -> float:
        """What a caller waits for the function."""
        return self.ms + self.init_ms


def parse(tail: str) -> Sample | None:
    """Return the sample of the log that Invoke answers: a REPORT line, or platform.report as JSON; None without."""
    for line in tail.splitlines():
        if '"platform.report"' in line:
            metrics = _metrics(line)
            if metrics:
                names = ("durationMs", "billedDurationMs", "maxMemoryUsedMB", "initDurationMs")
                return Sample(*(float(metrics.get(name, 0)) for name in names))
        elif line.startswith("REPORT") and (found := _REPORT.search(line)):
            return Sample(*(float(found[name] or 0) for name in ("ms", "billed", "used", "init")))
    return None


def _metrics(line: str) -> dict[str, Any]:
    try:
        parsed = json.loads(line)
    except ValueError:
        return {}  # the tail is the last 4 KB, and may begin within a line
    found: dict[str, Any] = (parsed.get("record") or {}).get("metrics") or {}
    return found


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured at one memory size; times in ms, dollars for a million invocations."""

    memory_mb: int
    warm_ms: float
    warm_p95_ms: float
    cold_ms: float
    used_mb: float
    usd_per_million: float
    usd_per_million_cold: float


def summarize(memory_mb: int, architecture: str, samples: Sequence[Sample]) -> Size:
    """Return the figures of a size; needs at least one warm sample."""
    warm = [one for one in samples if not one.init_ms]
    cold = [one for one in samples if one.init_ms]
    times = sorted(one.ms for one in warm)
    return Size(
        memory_mb,
        statistics.median(times),
        times[round(0.95 * (len(times) - 1))],
        statistics.median(one.cold_ms for one in cold) if cold else 0.0,
        max(one.used_mb for one in samples),
        usd_per_million(memory_mb, architecture, statistics.mean(one.billed_ms for one in warm)),
        usd_per_million(memory_mb, architecture, statistics.mean(one.billed_ms for one in cold)) if cold else 0.0,
    )


def usd_per_million(memory_mb: int, architecture: str, billed_ms: float) -> float:
    """Return the US dollars of a million invocations, requests included."""
    gb_seconds = memory_mb / 1024 * billed_ms / 1000
    return 1_000_000 * (gb_seconds * price(f"lambda_gb_second_{architecture}") + price("lambda_request"))


@dataclass(frozen=True, slots=True)
class Advice:
    """The size to take, and why; None when none of the sizes is large enough."""

    size: Size | None
    why: str


def advise(sizes: Sequence[Size]) -> Advice:
    """Return the fastest of the sizes that cost little more than the cheapest one."""
    large = [one for one in sizes if one.used_mb < one.memory_mb * FULL_PERCENT / 100]
    if not large:
        return Advice(None, "every size that was measured is nearly full: measure larger ones with --sizes")
    cheapest = min(large, key=lambda one: one.usd_per_million)
    affordable = [one for one in large if one.usd_per_million <= cheapest.usd_per_million * (1 + DEARER_PERCENT / 100)]
    best = min(affordable, key=lambda one: one.warm_ms)
    if best is cheapest:
        return Advice(best, "the cheapest, and none that costs little more is faster")
    dearer = 100 * (best.usd_per_million / cheapest.usd_per_million - 1)
    faster = 100 * (1 - best.warm_ms / cheapest.warm_ms)
    return Advice(best, f"{faster:.0f} % faster than the cheapest ({cheapest.memory_mb} MB) for {dearer:.0f} % more")
