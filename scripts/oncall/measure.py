"""What CloudWatch measured over a range of time: one number per metric, and rows of Logs Insights."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched
from typing import TYPE_CHECKING, Any

from scripts.console import fail

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BATCH = 500
"""GetMetricData takes so many queries."""

GROUPS = 50
"""StartQuery takes so many log groups."""

LAMBDA_REPORTS = """filter type = "platform.report"
| stats count(*) as runs, count(record.metrics.initDurationMs) as cold,
  max(record.metrics.maxMemoryUsedMB) as used_mb, max(record.metrics.initDurationMs) as init_ms,
  sum(record.metrics.billedDurationMs) as billed_ms by @log"""
"""Of each function's log, what its REPORT lines add up to."""

LAMBDA_TIMEOUTS = (
    """filter type = "platform.report" and record.status = "timeout" | stats count(*) as timeouts by @log"""
)

_QUERY_SECONDS = 120.0
_POLL_SECONDS = 0.3
_ENDED = ("Complete", "Failed", "Cancelled", "Timeout")


@dataclass(frozen=True, slots=True)
class Range:
    """From `start` to `end`, Unix seconds."""

    start: float
    end: float

    @classmethod
    def last(cls, seconds: float) -> Range:
        now = time.time()
        return cls(now - seconds, now)

    @property
    def seconds(self) -> float:
        return self.end - self.start

    @property
    def period(self) -> int:
        """Seconds of a data point: as fine as CloudWatch keeps them, and few enough."""
        return 60 if self.seconds <= 6 * 3600 else 300 if self.seconds <= 5 * 86400 else 3600


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric and how its data points become one number: Sum adds them up, everything else takes the highest."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    stat: str = "Sum"

    @classmethod
    def of(cls, namespace: str, name: str, stat: str = "Sum", **dimensions: str) -> Metric:
        return cls(namespace, name, tuple(dimensions.items()), stat)


class Measured:
    """Numbers by metric; what was never reported is 0."""

    def __init__(self, client: Any, metrics: Iterable[Metric], over: Range) -> None:
        self._values: dict[Metric, list[float]] = {}
        for batch in batched(dict.fromkeys(metrics), BATCH, strict=False):
            self._read(client, batch, over)

    def _read(self, client: Any, metrics: Sequence[Metric], over: Range) -> None:
        queries = [_query(number, metric, over.period) for number, metric in enumerate(metrics)]
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries,
            StartTime=datetime.fromtimestamp(over.start, UTC),
            EndTime=datetime.fromtimestamp(over.end, UTC),
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                self._values.setdefault(metrics[int(result["Id"][1:])], []).extend(result["Values"])

    def __getitem__(self, metric: Metric) -> float:
        values = self._values.get(metric, [])
        return sum(values) if metric.stat == "Sum" else max(values, default=0.0)

    def busiest(self, metric: Metric) -> float:
        """Return the highest data point, of a sum too."""
        return max(self._values.get(metric, []), default=0.0)


def _query(number: int, metric: Metric, period: int) -> dict[str, Any]:
    return {
        "Id": f"m{number}",
        "MetricStat": {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
            },
            "Period": period,
            "Stat": metric.stat,
        },
    }


def listed(client: Any, namespace: str, name: str) -> list[Metric]:
    """Return the metrics of a name, one for each set of dimensions that was ever reported lately."""
    pages = client.get_paginator("list_metrics").paginate(Namespace=namespace, MetricName=name)
    return [
        Metric.of(namespace, name, **{one["Name"]: one["Value"] for one in found["Dimensions"]})
        for page in pages
        for found in page["Metrics"]
    ]


def insights(client: Any, groups: list[str], query: str, over: Range) -> list[dict[str, str]]:
    """Return the rows of a Logs Insights query over log groups.

    Raises:
        Failure: the query does not end well.
    """
    rows: list[dict[str, str]] = []
    for some in batched(groups, GROUPS, strict=False):
        started = client.start_query(
            logGroupNames=list(some),
            startTime=int(over.start),
            endTime=int(over.end) + 1,
            queryString=query,
        )
        answer = _wait(client, started["queryId"])
        rows += [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]
    return rows


def _wait(client: Any, query_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + _QUERY_SECONDS
    while True:
        answer: dict[str, Any] = client.get_query_results(queryId=query_id)
        if answer["status"] == "Complete":
            return answer
        if answer["status"] in _ENDED or time.monotonic() > deadline:
            fail(f"a query of the logs ended as {answer['status']}", "ask for a shorter time with --since")
        time.sleep(_POLL_SECONDS)


def by_function(rows: list[dict[str, str]]) -> dict[str, dict[str, float]]:
    """Return rows of a query `by @log` by the function's deployed name."""
    return {
        row["@log"].rpartition("/")[2]: {name: float(value) for name, value in row.items() if name != "@log"}
        for row in rows
    }
