"""PutMetricData, ListMetrics, GetMetricStatistics and GetMetricData on the metric store."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from scripts.local import engine
from scripts.local.cloudwatch import metric_queries
from scripts.local.cloudwatch.cloudwatch_protocol import Operation, RequestError, handler
from scripts.local.cloudwatch.metric_math import Points, Value
from scripts.local.cloudwatch.metric_queries import MetricStat, Range, dimensions
from scripts.local.cloudwatch.metrics import Bucket, MetricStore, is_statistic, metric

PAST_SECONDS = 14 * 86400
FUTURE_SECONDS = 2 * 3600
METRICS_PER_PAGE = 500


def install(store: MetricStore) -> None:
    """Let every reader and writer of CloudWatch metrics use the store."""
    service = engine.service("cloudwatch")
    operations: dict[str, tuple[str, Operation]] = {
        "_put_metric_data": ("PutMetricData", lambda sent: _put(store, sent)),
        "_list_metrics": ("ListMetrics", lambda sent: _list(store, sent)),
        "_get_metric_statistics": ("GetMetricStatistics", lambda sent: _statistics(store, sent)),
        "_get_metric_data": ("GetMetricData", lambda sent: _data(store, sent)),
    }
    for name, (action, operation) in operations.items():
        setattr(service, name, handler(action, operation))
    service.record_metric = store.record


def _put(store: MetricStore, sent: dict[str, Any]) -> dict[str, Any]:
    now = time.time()
    data = []
    for number, datum in enumerate(sent.get("MetricData") or [], 1):
        at = _time(datum.get("Timestamp"), now)
        if not now - PAST_SECONDS <= at <= now + FUTURE_SECONDS:
            raise RequestError(
                "InvalidParameterValue",
                f"The parameter MetricData.member.{number}.Timestamp must specify a time no more than two weeks in "
                "the past and two hours in the future.",
            )
        key = metric(sent.get("Namespace", ""), datum["MetricName"], dimensions(datum.get("Dimensions")))
        data.append((key, _datum(datum), datum.get("Unit") or "None", at))
    for key, bucket, unit, at in data:
        if bucket.count > 0:
            store.add(key, bucket, unit, at)
    return {}


def _datum(datum: dict[str, Any]) -> Bucket:
    """A value, values with counts, or a statistic set."""
    bucket = Bucket()
    if datum.get("StatisticValues"):
        known = {name: float(value) for name, value in datum["StatisticValues"].items()}
        return Bucket(known["SampleCount"], known["Sum"], known["Minimum"], known["Maximum"], None)
    values = datum.get("Values") or [datum.get("Value") or 0]
    for value, count in zip(values, datum.get("Counts") or [1] * len(values), strict=True):
        bucket.add(float(value), float(count))
    return bucket


def _list(store: MetricStore, sent: dict[str, Any]) -> dict[str, Any]:
    wanted = [(one["Name"], one.get("Value")) for one in sent.get("Dimensions") or []]
    found = [
        {
            "Namespace": key.namespace,
            "MetricName": key.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in key.dimensions],
        }
        for key in store.metrics()
        if sent.get("Namespace") in (None, "", key.namespace)
        and sent.get("MetricName") in (None, "", key.name)
        and all(any(name == n and value in (None, v) for n, v in key.dimensions) for name, value in wanted)
    ]
    start = int(sent.get("NextToken") or 0)
    page = found[start : start + METRICS_PER_PAGE]
    more = {"NextToken": str(start + METRICS_PER_PAGE)} if len(found) > start + METRICS_PER_PAGE else {}
    return {"Metrics": page, **more}


def _statistics(store: MetricStore, sent: dict[str, Any]) -> dict[str, Any]:
    key = metric(sent.get("Namespace", ""), sent.get("MetricName", ""), dimensions(sent.get("Dimensions")))
    basic, extended = sent.get("Statistics") or [], sent.get("ExtendedStatistics") or []
    if not basic and not extended:
        raise RequestError("InvalidParameterCombination", "Must specify either Statistics or ExtendedStatistics")
    for name in [*basic, *extended]:
        if not is_statistic(name):
            raise RequestError("InvalidParameterValue", f"The statistic {name} is not supported here.")
    period = float(sent.get("Period") or 60)
    over = _range(sent, period)
    datapoints = []
    for number, bucket in sorted(store.read(key, over.start, over.end, period).items()):
        point: dict[str, Any] = {"Timestamp": _moment(over.start + number * period), "Unit": store.unit(key)}
        point |= {name: bucket.statistic(name) for name in basic}
        percentiles = {name: bucket.statistic(name) for name in extended}
        if percentiles:
            point["ExtendedStatistics"] = {name: value for name, value in percentiles.items() if value is not None}
        datapoints.append(point)
    return {"Label": key.name, "Datapoints": datapoints}


def _data(store: MetricStore, sent: dict[str, Any]) -> dict[str, Any]:
    queries = sent.get("MetricDataQueries") or []
    over = _range(sent, metric_queries.period_of(queries))
    values = metric_queries.evaluate(store, queries, over)
    # A series in a list is known by the label of its own query.
    own = {id(values[query["Id"]]): str(query.get("Label") or _default_label(query)) for query in queries}
    newest_first = sent.get("ScanBy") != "TimestampAscending"
    results = [
        _result(query, label, points, newest_first)
        for query in queries
        if str(query.get("ReturnData", True)).lower() == "true"
        for label, points in _labeled(query, values[query["Id"]], over, metric_queries.period_of(queries), own)
    ]
    return {"MetricDataResults": results, "Messages": []}


def _labeled(
    query: dict[str, Any], value: Value, over: Range, period: float, own: Mapping[int, str]
) -> list[tuple[str, Points]]:
    label = str(query.get("Label") or _default_label(query))
    if isinstance(value, list):
        given = str(query.get("Label") or "")
        return [(f"{given} {own.get(id(points), number)}".strip(), points) for number, points in enumerate(value, 1)]
    if isinstance(value, float):
        return [(label, dict.fromkeys(over.times(period), value))]
    return [(label, value)]


def _default_label(query: dict[str, Any]) -> str:
    return MetricStat.of(query["MetricStat"]).metric.name if query.get("MetricStat") else str(query["Id"])


def _result(query: dict[str, Any], label: str, points: Points, newest_first: bool) -> dict[str, Any]:
    times = sorted(points, reverse=newest_first)
    return {
        "Id": query["Id"],
        "Label": label,
        "Timestamps": [_moment(when) for when in times],
        "Values": [points[when] for when in times],
        "StatusCode": "Complete",
    }


def _range(sent: dict[str, Any], period: float) -> Range:
    """The range asked for, its start rounded down to a whole period, as CloudWatch does."""
    start, end = _time(sent.get("StartTime"), None), _time(sent.get("EndTime"), None)
    if start >= end:
        raise RequestError("ValidationError", "The parameter StartTime must be less than the parameter EndTime.")
    return Range(math.floor(start / period) * period, end)


def _time(value: Any, missing: float | None) -> float:
    found = engine.service("cloudwatch")._parse_ts(value)
    if found is None:
        found = missing
    if found is None:
        raise RequestError("MissingParameter", "The parameters StartTime and EndTime are required.")
    return float(found)


def _moment(when: float) -> datetime:
    return datetime.fromtimestamp(when, UTC)
