"""AWS/Lambda metrics of every invocation, whoever invoked, with the dimensions that Lambda gives them."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.local.cloudwatch.metrics import MetricStore
from scripts.local.functions.functions import Functions
from scripts.local.functions.invocations import InvocationRecord, Outcome

NAMESPACE = "AWS/Lambda"


def install(store: MetricStore, functions: Functions) -> None:
    """Record every invocation that ends or is throttled."""
    functions.on_invocation.append(lambda record: _record(store, record))


def dimensions(record: InvocationRecord) -> Iterator[dict[str, str]]:
    """The function; the function and what was asked for; an alias also with the version that ran."""
    yield {}
    yield {"FunctionName": record.function}
    resource = f"{record.function}:{record.qualifier}" if record.qualifier else record.function
    yield {"FunctionName": record.function, "Resource": resource}
    if record.alias:
        yield {"FunctionName": record.function, "Resource": resource, "ExecutedVersion": record.version}


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
