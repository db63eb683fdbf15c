"""CloudWatch metrics: one store for PutMetricData, the metrics of AWS services, EMF and metric filters.

A metric is a namespace, a name and a set of dimensions: data of one set is never seen under another. Values are kept
per second for three hours, per minute for a day and per 5 minutes for 15 days (CloudWatch: three hours, 15 days, 63
days).
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

SECONDS_KEPT = 3 * 3600
MINUTES_KEPT = 86400
DAYS_KEPT = 15 * 86400
COMPACT_SECONDS = 600
DISTINCT_VALUES = 100
"""Beyond this many different values a bucket keeps each to the nearest 2 % for its percentiles."""

BASIC_STATISTICS = ("SampleCount", "Sum", "Average", "Minimum", "Maximum")
_SHARE = re.compile(r"(?P<kind>PR|TC)\((?P<above>[\d.]*):(?P<upto>[\d.]*)\)")
"""Percentile rank and trimmed count by absolute bounds: PR(:300) is the percentage of values up to 300."""


class Metric(NamedTuple):
    """What names a metric; dimensions are sorted by name."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


def metric(namespace: str, name: str, dimensions: Mapping[str, str]) -> Metric:
    return Metric(namespace, name, tuple(sorted(dimensions.items())) if dimensions else ())


@dataclass(slots=True)
class Bucket:
    """The data of one stretch of time.

    `values` counts each value, to the nearest 2 % if `coarse`; it is None when only a statistic set is known.
    """

    count: float = 0.0
    total: float = 0.0
    low: float = math.inf
    high: float = -math.inf
    values: dict[float, float] | None = field(default_factory=dict)
    coarse: bool = False

    def add(self, value: float, count: float = 1.0) -> None:
        self.count += count
        self.total += value * count
        self.low = min(self.low, value)
        self.high = max(self.high, value)
        self._count(value, count)

    def copy(self) -> Bucket:
        return replace(self, values=None if self.values is None else dict(self.values))

    def merge(self, other: Bucket) -> None:
        self.count += other.count
        self.total += other.total
        self.low = min(self.low, other.low)
        self.high = max(self.high, other.high)
        if other.values is None:
            self.values = None
        else:
            for value, count in other.values.items():
                self._count(value, count)

    def _count(self, value: float, count: float) -> None:
        if self.values is None:
            return
        kept = _nearly(value) if self.coarse else value
        self.values[kept] = self.values.get(kept, 0.0) + count
        if len(self.values) > DISTINCT_VALUES and not self.coarse:
            exact, self.values, self.coarse = self.values, {}, True
            for each, number in exact.items():
                self.values[_nearly(each)] = self.values.get(_nearly(each), 0.0) + number

    def statistic(self, name: str) -> float | None:
        """A basic statistic, a percentile such as "p99.9" or a share; None when the data does not tell."""
        if self.count <= 0:
            return None
        if share := _SHARE.fullmatch(name):
            within = self._within(*share.group("above", "upto"))
            return within if within is None or share["kind"] == "TC" else 100 * within / self.count
        if name not in BASIC_STATISTICS:
            return self._percentile(float(name[1:]))
        average = self.total / self.count
        return dict(zip(BASIC_STATISTICS, (self.count, self.total, average, self.low, self.high), strict=True))[name]

    def _known_values(self) -> dict[float, float] | None:
        if self.values is None and self.low == self.high:
            return {self.low: self.count}
        return self.values

    def _within(self, above: str, upto: str) -> float | None:
        """How many values are above the one bound and not above the other."""
        values = self._known_values()
        if not values:
            return None
        low, high = float(above or -math.inf), float(upto or math.inf)
        return sum(count for value, count in values.items() if low < value <= high)

    def _percentile(self, percent: float) -> float | None:
        """Linear interpolation between the nearest ranks; not available for negative values, as on AWS."""
        values = self._known_values()
        if not values or self.low < 0:
            return None
        rank = percent / 100 * (self.count - 1)
        ordered = sorted(values.items())
        below = _at_rank(ordered, math.floor(rank))
        return below + (rank - math.floor(rank)) * (_at_rank(ordered, math.ceil(rank)) - below)


def _nearly(value: float) -> float:
    """The nearest power of 1.02."""
    return math.copysign(1.02 ** round(math.log(abs(value), 1.02)), value) if value else 0.0


def _at_rank(ordered: list[tuple[float, float]], rank: int) -> float:
    seen = 0.0
    for value, count in ordered:
        seen += count
        if rank < seen:
            return value
    return ordered[-1][0]


def is_statistic(name: str) -> bool:
    if name in BASIC_STATISTICS or _SHARE.fullmatch(name):
        return True
    return name[:1] == "p" and name[1:].replace(".", "", 1).isdigit() and 0 <= float(name[1:]) <= 100


@dataclass(slots=True)
class Series:
    """The data of one metric: buckets by the epoch second at which they begin."""

    unit: str
    buckets: dict[int, Bucket] = field(default_factory=dict)


class MetricStore:
    """All metrics of the account; times are epoch seconds."""

    def __init__(self) -> None:
        self._series: dict[Metric, Series] = {}
        self._changed: set[tuple[Metric, int]] = set()
        self._lock = threading.Lock()
        self._compacted_at = time.time()

    def record(
        self,
        namespace: str,
        name: str,
        value: float,
        unit: str = "None",
        dimensions: Mapping[str, str] | None = None,
        *,
        at: float | None = None,
    ) -> None:
        """Add one value."""
        with self._lock:
            self._bucket(metric(namespace, name, dimensions or {}), unit, at).add(value)

    def add(self, key: Metric, data: Bucket, unit: str = "None", at: float | None = None) -> None:
        """Add values or a statistic set."""
        with self._lock:
            self._bucket(key, unit, at).merge(data)

    def _bucket(self, key: Metric, unit: str, at: float | None) -> Bucket:
        now = time.time()
        if now - self._compacted_at > COMPACT_SECONDS:
            self._compact(now)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = Series(unit)
        second = int(now if at is None else at)
        bucket = series.buckets.get(second)
        if bucket is None:
            bucket = series.buckets[second] = Bucket()
        self._changed.add((key, second))
        return bucket

    def metrics(self) -> list[Metric]:
        with self._lock:
            return sorted(self._series)

    def unit(self, key: Metric) -> str:
        series = self._series.get(key)
        return series.unit if series else "None"

    def read(self, key: Metric, start: float, end: float, period: float, speed: float = 1.0) -> dict[int, Bucket]:
        """The buckets of [start, end) by number, 0 beginning at `start`.

        With a speed of n, n seconds pass in each second since the epoch, for `start`, `end` and `period`.
        """
        found: dict[int, Bucket] = {}
        with self._lock:
            series = self._series.get(key)
            for second, bucket in _between(series.buckets if series else {}, start / speed, end / speed):
                number = math.floor((second * speed - start) / period)
                found.setdefault(number, Bucket()).merge(bucket)
        return found

    def _compact(self, now: float) -> None:
        self._compacted_at = now
        for key, series in list(self._series.items()):
            kept: dict[int, Bucket] = {}
            for second, bucket in series.buckets.items():
                age = now - second
                length = 1 if age <= SECONDS_KEPT else 60 if age <= MINUTES_KEPT else 300
                begin = second - second % length
                if begin == second and begin not in kept and age <= DAYS_KEPT:
                    kept[begin] = bucket
                elif age <= DAYS_KEPT:
                    kept.setdefault(begin, Bucket()).merge(bucket)
            series.buckets = kept
            if not kept:
                del self._series[key]

    def take_changes(self) -> list[tuple[Metric, str, int, Bucket]]:
        """(metric, unit, second, bucket) of what changed since the last call."""
        with self._lock:
            changed, self._changed = self._changed, set()
            return [
                (key, series.unit, second, series.buckets[second].copy())
                for key, second in changed
                if (series := self._series.get(key)) and second in series.buckets
            ]

    def contents(self) -> Iterator[tuple[Metric, str, list[tuple[int, Bucket]]]]:
        """(metric, unit, buckets by second) of everything that is kept, one metric at a time."""
        with self._lock:
            self._compact(time.time())
            names = list(self._series)
        for key in names:
            with self._lock:
                series = self._series.get(key)
                buckets = [(second, bucket.copy()) for second, bucket in series.buckets.items()] if series else []
            if series and buckets:
                yield key, series.unit, buckets

    def put(self, key: Metric, unit: str, second: int, bucket: Bucket) -> None:
        """Set a bucket as it was saved."""
        with self._lock:
            self._series.setdefault(key, Series(unit)).buckets[second] = bucket


def _between(buckets: dict[int, Bucket], start: float, end: float) -> Iterable[tuple[int, Bucket]]:
    """The buckets of a range, by looking up each second when the range is shorter than the data."""
    if end - start < len(buckets):
        seconds = range(math.ceil(start), math.ceil(end))
        return [(second, buckets[second]) for second in seconds if second in buckets]
    return [(second, bucket) for second, bucket in buckets.items() if start <= second < end]
