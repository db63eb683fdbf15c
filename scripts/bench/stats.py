"""Medians and their spread. The numbers of a shared machine are skewed to the right, so means say little."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Summary:
    """A sample in the unit of its values: median, and the quartiles that hold the middle half."""

    count: int
    low: float
    median: float
    high: float

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles, as a share of the median (0.05 = the middle half is within 5 %)."""
        return (self.high - self.low) / 2 / self.median if self.median else 0.0


def summarize(values: Sequence[float]) -> Summary:
    """Summarize a sample; raises ValueError when it is empty."""
    if not values:
        raise ValueError("nothing was measured")
    if len(values) == 1:
        return Summary(1, values[0], values[0], values[0])
    low, _, high = quantiles(values, n=4, method="inclusive")
    return Summary(len(values), low, median(values), high)


def paired_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Summary:
    """Summarize the ratios of two samples taken in the same rounds.

    A round's neighbours suffer the same load of the machine, so the ratio within a round is steadier than the ratio
    of two medians. Raises ValueError when the samples do not pair up.
    """
    return summarize([top / bottom for top, bottom in zip(numerators, denominators, strict=True)])
