"""AWS/Lambda metrics of asynchronous invocations: received, their age, dropped, and what could not be delivered."""

from __future__ import annotations

from scripts.local.cloudwatch.lambda_metrics import NAMESPACE
from scripts.local.cloudwatch.metrics import MetricStore
from scripts.local.functions.async_invocations import AsyncInvocations, QueuedEvent


def install(store: MetricStore, asynchronous: AsyncInvocations) -> None:
    """Record by function, and by what of it was invoked."""

    def record(event: QueuedEvent, name: str, value: float) -> None:
        unit = "Milliseconds" if name == "AsyncEventAge" else "Count"
        resource = f"{event.function}:{event.qualifier}" if event.qualifier else event.function
        for dimensions in ({}, {"Resource": resource}):
            store.record(NAMESPACE, name, value, unit, {"FunctionName": event.function, **dimensions})

    asynchronous.on_metric.append(record)
