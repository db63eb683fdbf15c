"""Metrics of what feeds functions and targets: IteratorAge of streams, AWS/Events of rules, AWS/Scheduler of groups."""

from __future__ import annotations

from scripts.local.cloudwatch.metrics import MetricStore
from scripts.local.sources.event_sources import EventSources
from scripts.local.targets.target_access import EVENTS
from scripts.local.targets.target_calls import Delivery
from scripts.local.targets.target_deliveries import End, TargetDeliveries

_EVENTS = {
    End.DELIVERED: ("Invocations",),
    End.DEAD_LETTER: ("FailedInvocations", "InvocationsSentToDlq"),
    End.DROPPED: ("FailedInvocations",),
    End.DEAD_LETTER_FAILED: ("FailedInvocations", "InvocationsFailedToBeSentToDlq"),
}
_SCHEDULER = {
    End.DELIVERED: ("InvocationAttemptCount",),
    End.DEAD_LETTER: ("TargetErrorCount", "InvocationsSentToDeadLetterCount"),
    End.DROPPED: ("TargetErrorCount", "InvocationDroppedCount"),
    End.DEAD_LETTER_FAILED: (
        "TargetErrorCount",
        "InvocationDroppedCount",
        "InvocationsFailedToBeSentToDeadLetterCount",
    ),
}


def install(metrics: MetricStore, event_sources: EventSources, deliveries: TargetDeliveries) -> None:
    """Count from now on."""

    def batch_of_stream(function: str, age_ms: float) -> None:
        metrics.record("AWS/Lambda", "IteratorAge", age_ms, "Milliseconds", {"FunctionName": function})

    def delivery_ended(delivery: Delivery, end: End) -> None:
        rule = delivery.principal == EVENTS
        for name in (_EVENTS if rule else _SCHEDULER)[end]:
            metrics.record("AWS/Events" if rule else "AWS/Scheduler", name, 1, "Count", _dimensions(delivery))

    event_sources.on_batch.append(batch_of_stream)
    deliveries.on_end.append(delivery_ended)


def _dimensions(delivery: Delivery) -> dict[str, str]:
    """The rule, with its bus unless that is the default one; the group of a schedule."""
    path = delivery.source_arn.split(":", 5)[5].split("/")[1:]
    if delivery.principal != EVENTS:
        return {"ScheduleGroup": path[0]}
    return {"RuleName": path[-1], **({"EventBusName": path[0]} if len(path) > 1 else {})}
