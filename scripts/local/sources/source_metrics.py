"""Metrics of what feeds functions and targets: of streams and queues, AWS/Events of rules, AWS/Scheduler of groups."""

from __future__ import annotations

from scripts.local import engine
from scripts.local.cloudwatch.observability import Observability
from scripts.local.sources import mappings
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


def install(observability: Observability, event_sources: EventSources, deliveries: TargetDeliveries) -> None:
    """Count from now on."""
    metrics = observability.metrics

    def batch_of_stream(function: str, age_ms: float) -> None:
        metrics.record("AWS/Lambda", "IteratorAge", age_ms, "Milliseconds", {"FunctionName": function})

    def delivery_ended(delivery: Delivery, end: End) -> None:
        rule = delivery.principal == EVENTS
        for name in (_EVENTS if rule else _SCHEDULER)[end]:
            metrics.record("AWS/Events" if rule else "AWS/Scheduler", name, 1, "Count", _dimensions(delivery))

    def polled(mapping_id: str, count: int) -> None:
        mapping = engine.service("lambda_svc")._esms.get(mapping_id)
        if mapping is not None and mappings.counts_events(mapping):
            dimensions = {"EventSourceMappingUUID": mapping_id}
            metrics.record("AWS/Lambda", "PolledEventCount", count, "Count", dimensions)

    def say_that_pollers_live() -> None:
        """A poller that finds nothing says so with 0; one that is disabled or may not read is silent."""
        for mapping_id, mapping in list(engine.service("lambda_svc")._esms.items()):
            if mappings.counts_events(mapping) and mappings.is_polled(mapping):
                polled(mapping_id, 0)

    observability.samplers.append(say_that_pollers_live)
    event_sources.on_poll.append(polled)
    event_sources.on_batch.append(batch_of_stream)
    deliveries.on_end.append(delivery_ended)


def _dimensions(delivery: Delivery) -> dict[str, str]:
    """The rule, with its bus unless that is the default one; the group of a schedule."""
    path = delivery.source_arn.split(":", 5)[5].split("/")[1:]
    if delivery.principal != EVENTS:
        return {"ScheduleGroup": path[0]}
    return {"RuleName": path[-1], **({"EventBusName": path[0]} if len(path) > 1 else {})}
