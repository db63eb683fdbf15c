"""MetricDataQueries: what GetMetricData and alarms on metric math ask for, evaluated over a range of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.local.cloudwatch import metric_math
from scripts.local.cloudwatch.cloudwatch_protocol import RequestError
from scripts.local.cloudwatch.metric_math import MetricMathError, Points, Scope, Value
from scripts.local.cloudwatch.metrics import Metric, MetricStore, is_statistic, metric


@dataclass(frozen=True, slots=True)
class Range:
    """[start, end) in epoch seconds; with a speed of n, n seconds pass in each second since the epoch."""

    start: float
    end: float
    speed: float = 1.0

    def times(self, period: float) -> tuple[float, ...]:
        """The beginnings of the range's periods."""
        return tuple(self.start + number * period for number in range(int(-(-(self.end - self.start) // period))))


@dataclass(frozen=True, slots=True)
class MetricStat:
    """One statistic of one metric; `period` in seconds."""

    metric: Metric
    statistic: str
    period: float

    @classmethod
    def of(cls, query: Mapping[str, Any]) -> MetricStat:
        """Read the MetricStat of a query. Raises RequestError."""
        named = query["Metric"]
        statistic = str(query.get("Stat") or "")
        if not is_statistic(statistic):
            raise RequestError("ValidationError", f"The value {statistic} for parameter Stat is not supported here.")
        key = metric(named.get("Namespace", ""), named.get("MetricName", ""), dimensions(named.get("Dimensions")))
        return cls(key, statistic, float(query.get("Period") or 60))

    def read(self, store: MetricStore, over: Range) -> Points:
        found: Points = {}
        for number, bucket in store.read(self.metric, over.start, over.end, self.period, over.speed).items():
            value = bucket.statistic(self.statistic)
            if value is not None:
                found[over.start + number * self.period] = value
        return found


def dimensions(listed: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """[{"Name": ..., "Value": ...}] as a dictionary."""
    return {one["Name"]: one.get("Value", "") for one in listed or []}


def period_of(queries: Sequence[Mapping[str, Any]]) -> float:
    """The period in which a set of queries is evaluated: the longest of its metrics."""
    stats = [float(query["MetricStat"].get("Period") or 60) for query in queries if query.get("MetricStat")]
    own = [float(query["Period"]) for query in queries if query.get("Period")]
    return max(stats or own or [60.0])


def evaluate(store: MetricStore, queries: Sequence[Mapping[str, Any]], over: Range) -> dict[str, Value]:
    """The value of every query by its id. Raises RequestError."""
    values: dict[str, Value] = {}
    for query in queries:
        if query.get("MetricStat"):
            values[query["Id"]] = MetricStat.of(query["MetricStat"]).read(store, over)
    metrics = tuple(values)
    period = period_of(queries)
    waiting = {query["Id"]: str(query["Expression"]) for query in queries if query.get("Expression")}
    try:
        while waiting:
            name = _next(waiting)
            values[name] = metric_math.evaluate(waiting.pop(name), Scope(values, metrics, over.times(period), period))
    except MetricMathError as error:
        raise RequestError("ValidationError", str(error)) from error
    return values


def _next(waiting: Mapping[str, str]) -> str:
    """An expression that needs no other that waits."""
    for name, text in waiting.items():
        if not waiting.keys() & set(metric_math.references(text)):
            return name
    raise MetricMathError(f"The expressions {', '.join(waiting)} name each other")
