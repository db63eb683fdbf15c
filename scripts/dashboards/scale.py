"""Axes: round numbers and round times for ticks, and how numbers are written for a person."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

_STEPS = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 2 * 86400, 5 * 86400, 10 * 86400)
_UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True, slots=True)
class Axis:
    """Values from `low` to `high`, spread over pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def round_range(low: float, high: float, ticks: int = 4) -> tuple[float, float, list[float]]:
    """A range of round numbers around another, and its ticks: (low, high, ticks)."""
    if high <= low:
        high = low + (abs(low) or 1)
    step = _round_up((high - low) / ticks)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    found = [number * step for number in range(first, last + 1)]
    return found[0], found[-1], found


def _round_up(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= step * (1 - 1e-9))


def time_ticks(start: float, end: float, ticks: int) -> list[tuple[float, str]]:
    """Round times in UTC within [start, end], and how they are written."""
    step = next((one for one in _STEPS if (end - start) / one <= ticks), _STEPS[-1])
    first = math.ceil(start / step) * step
    moments = [first + number * step for number in range(int((end - first) // step) + 1)]
    return [(moment, _time(moment, step)) for moment in moments]


def _time(moment: float, step: int) -> str:
    at = datetime.fromtimestamp(moment, UTC)
    if step >= 86400 or (at.hour == at.minute == 0):
        return f"{at.day} {at:%b}"
    return f"{at:%H:%M}"


def short(value: float) -> str:
    """A number in few characters: 0.25, 12, 1.5k, 3M."""
    for size, unit in _UNITS:
        if abs(value) >= size:
            return f"{_digits(value / size)}{unit}"
    return _digits(value)


def _digits(value: float, significant: int = 3) -> str:
    if value == 0:
        return "0"
    decimals = max(0, significant - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{min(decimals, 6)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def exact(value: float) -> str:
    """A number as it is read out: 1,234 or 99.95."""
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else _digits(value, 4)
