"""Embedded metric format: metrics that a function writes as JSON log events."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from scripts.local.cloudwatch.metrics import Bucket, Metric, MetricStore, metric

MARK = '"_aws"'
VALUES_PER_METRIC = 100


def record(store: MetricStore, message: str) -> None:
    """Record the metrics of a log event; what is not in the format is only a log event."""
    if MARK not in message or not message.lstrip().startswith("{"):
        return
    try:
        document = json.loads(message)
        found = list(_metrics(document))
        at = float(document["_aws"].get("Timestamp") or time.time() * 1000) / 1000
    except (ValueError, TypeError, KeyError, AttributeError):
        return
    for key, bucket, unit in found:
        store.add(key, bucket, unit, at)


def _metrics(document: dict[str, Any]) -> Iterator[tuple[Metric, Bucket, str]]:
    """(metric, data, unit): one for each metric and each set of dimensions whose members the document has."""
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for definition in directive["Metrics"]:
            bucket = _data(document.get(definition["Name"]))
            for names in (directive.get("Dimensions") or [[]]) if bucket.count else []:
                if all(isinstance(document.get(name), str) for name in names):
                    dimensions = {name: document[name] for name in names}
                    key = metric(directive["Namespace"], definition["Name"], dimensions)
                    yield key, bucket, definition.get("Unit") or "None"


def _data(value: Any) -> Bucket:
    bucket = Bucket()
    for number in (value if isinstance(value, list) else [value])[:VALUES_PER_METRIC]:
        if isinstance(number, int | float) and not isinstance(number, bool):
            bucket.add(float(number))
    return bucket
