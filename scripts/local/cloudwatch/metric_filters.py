"""Metrics made of log events as they are written; filter patterns wherever CloudWatch Logs takes one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from scripts.local import engine
from scripts.local.cloudwatch import emf, log_patterns
from scripts.local.cloudwatch.log_patterns import PatternError
from scripts.local.cloudwatch.metrics import MetricStore

EVENT_BYTES = 26
"""What CloudWatch Logs adds to the size of each event."""

logger = logging.getLogger("tradepost.logs")


def install(store: MetricStore) -> None:
    """Look at every event that is written, by PutLogEvents or by a function."""
    logs = engine.service("cloudwatch_logs")
    deliver = logs._fanout_to_subscription_filters

    def pass_on(group: str, stream: str, events: list[dict[str, Any]]) -> None:
        for event in events:
            emf.record(store, event["message"])
        _count_incoming(store, group, events)
        for (filtered, _), definition in list(logs._metric_filters.items()):
            if filtered == group:
                _apply(store, definition, events)
        deliver(group, stream, events)

    logs._fanout_to_subscription_filters = pass_on
    logs._subscription_pattern_matches = lambda pattern, message: _compiled(pattern)(message or "")
    logs._compile_filter_pattern = lambda pattern: _compiled(pattern or "")
    for name in ("_filter_log_events", "_put_metric_filter", "_put_subscription_filter"):
        setattr(logs, name, _refusing_bad_patterns(getattr(logs, name)))


def _count_incoming(store: MetricStore, group: str, events: list[dict[str, Any]]) -> None:
    """AWS/Logs: what is billed, each event with 26 bytes beside its text."""
    size = sum(len(event["message"].encode()) + EVENT_BYTES for event in events)
    for name, value, unit in (("IncomingBytes", size, "Bytes"), ("IncomingLogEvents", len(events), "Count")):
        store.record("AWS/Logs", name, float(value), unit, {"LogGroupName": group})


def _refusing_bad_patterns(operation: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    def checked(data: dict[str, Any]) -> Any:
        try:
            log_patterns.compile_pattern(data.get("filterPattern") or "")
        except PatternError as error:
            refuse = engine.core("responses").error_response_json
            return refuse("InvalidParameterException", str(error), 400)
        return operation(data)

    return checked


def _compiled(pattern: str | None) -> log_patterns.Matcher:
    try:
        return log_patterns.compile_pattern(pattern or "")
    except PatternError:
        return lambda _: False


def _apply(store: MetricStore, definition: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """Record each transformation's value for each matching event, or its default when none matches."""
    matches = _compiled(definition.get("filterPattern"))
    found = [event for event in events if matches(event["message"])]
    for transformation in definition.get("metricTransformations") or []:
        namespace, name = transformation["metricNamespace"], transformation["metricName"]
        unit = transformation.get("unit") or "None"
        for event in found:
            content = log_patterns.parse_json(event["message"])
            value = _value(transformation["metricValue"], content)
            dimensions = _dimensions(transformation.get("dimensions") or {}, content)
            if value is not None and dimensions is not None:
                store.record(namespace, name, value, unit, dimensions, at=event["timestamp"] / 1000)
        if not found and transformation.get("defaultValue") is not None:
            at = events[-1]["timestamp"] / 1000
            store.record(namespace, name, float(transformation["defaultValue"]), unit, at=at)


def _value(text: str, content: Any) -> float | None:
    """A number, or the number that a selector finds; None when it finds none."""
    found = log_patterns.select(text, content) if text.startswith("$") else text
    try:
        return float(found)
    except (TypeError, ValueError):
        return None


def _dimensions(selectors: dict[str, str], content: Any) -> dict[str, str] | None:
    """The dimensions that the event has; None when one of them is missing, then there is no datum."""
    found = {name: log_patterns.select(selector, content) for name, selector in selectors.items()}
    return None if None in found.values() else {name: str(value) for name, value in found.items()}
