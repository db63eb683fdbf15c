"""Stream of the event table -> event bus: the only publisher of the orders' events."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from shared import aws, batch, config, observability, tracing
from shared.events import Event, event_from_item
from shared.publishing import Publisher

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SOURCE = "tradepost.orders"
MOST_MARKED = 20
"""X-Ray finds a trace by 50 of its annotations; each mark has two."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from the environment."""

    event_bus_name: str


@cache
def publisher() -> Publisher:
    """Made once per process."""
    return Publisher(aws.client("events"), config.load(Settings).event_bus_name, SOURCE)


@observability.handler(prepare=publisher)
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, list[dict[str, str]]]:
    """Entry point: send each new event; the records of those that could not be sent come again."""
    failed: list[batch.Record] = []
    events: list[Event] = []
    record_of: dict[str, batch.Record] = {}
    for record in event["Records"]:
        if record["eventName"] != "INSERT":
            continue
        try:
            inserted = event_from_item(record["dynamodb"]["NewImage"])
        except (KeyError, ValueError):
            observability.logger.exception("not an event", extra={"record": batch.sequence_number(record)})
            failed.append(record)
            continue
        events.append(inserted)
        record_of[inserted.event_id] = record
    failures = publisher().publish(events, lambda: context.get_remaining_time_in_millis() / 1000)
    _mark(events)
    for failure in failures:
        _log(failure.event, failure.reason)
        failed.append(record_of[failure.event.event_id])
    observability.count("EventsPublished", len(events) - len(failures))
    if failed:
        observability.count("PublishFailures", len(failed))
    return batch.failure_response(failed)


def _mark(events: list[Event]) -> None:
    """Name the orders in the trace: a stream starts a trace of its own, which is found by its orders alone."""
    for event in events[:MOST_MARKED]:
        with tracing.span("event", order_id=event.order_id, correlation_id=event.correlation_id):
            pass


def _log(event: Event, reason: str) -> None:
    keys = {"order_id": event.order_id, "correlation_id": event.correlation_id, "event_id": event.event_id}
    observability.logger.error("event not published; its record comes again", extra={**keys, "reason": reason})
