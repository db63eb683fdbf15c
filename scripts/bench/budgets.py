"""What the measurements are allowed to be, and which of them are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

COLD_START_PER_FLOOR = 8.0
"""A cold start (INIT + first request) costs at most this many times that of a bare handler."""

COLD_START_PER_STOCK = 0.25
"""... and at most this share of the stock build: the same service on the usual libraries, packed the usual way."""

COLD_START_PER_PACKED = 0.5
"""... and at most this share of the very same code, packed the usual way: what packing alone gives."""

WARM_BUILD_SECONDS = 0.5
"""`make build` with nothing changed, seconds."""

COLD_BUILD_PER_INSTALL = 2.0
"""`make build` from nothing, as a multiple of `uv pip install` of the same set, with bytecode in both."""

START_SECONDS = 2.0
"""The local cloud, from `up` to healthy."""

GATEWAY_MILLISECONDS = 8.0
"""Median of a request through the local gateway to a warm function that does nothing, one client."""

GATEWAY_REQUESTS_PER_SECOND = 300.0
"""At least this many such requests from eight clients."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One budget and what was measured against it, in the same unit (`x` for ratios, `s`, `ms`)."""

    name: str
    measured: float
    limit: float
    unit: str = "x"

    @property
    def holds(self) -> bool:
        """Tell whether the measurement is within its budget."""
        return self.measured <= self.limit


def broken(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the verdicts whose budget does not hold."""
    return [verdict for verdict in verdicts if not verdict.holds]


def complaint(verdict: Verdict) -> str:
    """Say which budget is broken and by how much."""
    over = verdict.measured / verdict.limit - 1
    measured, limit = (f"{value:.3g} {verdict.unit}" for value in (verdict.measured, verdict.limit))
    return f"{verdict.name}: {measured}, budget {limit} ({over:.0%} over)"
