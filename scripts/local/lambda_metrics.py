"""AWS/Lambda metrics of every invocation, whoever invoked, with the dimensions that Lambda gives them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from scripts.local import engine
from scripts.local.functions import Functions
from scripts.local.invocations import InvocationRecord, Outcome
from scripts.local.metrics import MetricStore

NAMESPACE = "AWS/Lambda"


def install(store: MetricStore, functions: Functions) -> None:
    """Record what ends; ministack's own metrics, of some invocations by name only, are left out."""
    functions.on_invocation.append(lambda record: _record(store, record))
    engine.service("lambda_svc")._emit_lambda_metrics = lambda *_: None


def dimensions(record: InvocationRecord) -> Iterator[dict[str, str]]:
    """The function; the function and what was asked for; an alias also with the version that ran."""
    yield {}
    yield {"FunctionName": record.function}
    resource = f"{record.function}:{record.qualifier}" if record.qualifier else record.function
    yield {"FunctionName": record.function, "Resource": resource}
    if record.alias:
        yield {"FunctionName": record.function, "Resource": resource, "ExecutedVersion": record.version}


def record_iterator_age(function: str, qualifier: str | None, created_at: float) -> None:
    """How old the last record of a batch is when the function gets it; `created_at` in epoch seconds."""
    age = max(0.0, (time.time() - created_at) * 1000)
    record = engine.service("cloudwatch").record_metric
    record(NAMESPACE, "IteratorAge", age, "Milliseconds", {"FunctionName": function})
    if qualifier:
        resource = {"FunctionName": function, "Resource": f"{function}:{qualifier}"}
        record(NAMESPACE, "IteratorAge", age, "Milliseconds", resource)


def _record(store: MetricStore, record: InvocationRecord) -> None:
    """One datum per metric at the time of the invocation; a throttled one counts as nothing but a throttle."""
    for dims in dimensions(record):
        for name, value, unit in _data(record):
            store.record(NAMESPACE, name, value, unit, dims, at=record.started)


def _data(record: InvocationRecord) -> Iterator[tuple[str, float, str]]:
    throttled = record.outcome == Outcome.THROTTLE
    yield "Throttles", float(throttled), "Count"
    if throttled:
        return
    yield "Invocations", 1.0, "Count"
    yield "Errors", float(record.outcome != Outcome.SUCCESS), "Count"
    yield "Duration", record.duration_ms, "Milliseconds"
    yield "ConcurrentExecutions", float(record.concurrent), "Count"
