"""Stream of the event table -> event bus: the only publisher of the orders' events."""

from functools import partial
from typing import TYPE_CHECKING, Any

from shared import batch, clock, observability, outbox, tracing
from shared.events import Event, event_from_item
from shared.ids import made_at

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SOURCE = "tradepost.orders"
MOST_MARKED = 20
"""X-Ray finds a trace by 50 of its annotations; each mark has two."""


publisher = partial(outbox.publisher, SOURCE)


@observability.handler(prepare=publisher)
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, list[dict[str, str]]]:
    """Entry point: send each new event; the records of those that could not be sent come again."""
    events, answer = outbox.publish(event["Records"], _inserted, publisher(), context)
    _mark(events)
    _time_confirmations(events)
    return answer


def _inserted(record: batch.Record) -> Event | None:
    """The event that was stored; other changes of the table are repair work and tell nothing."""
    return event_from_item(record["dynamodb"]["NewImage"]) if record["eventName"] == "INSERT" else None


def _time_confirmations(events: list[Event]) -> None:
    """How long customers waited, as the service level objective counts it; an order's id is as old as the order."""
    for event in events:
        if event.type == "order_confirmed":
            confirmed = clock.from_text(event.occurred_at).timestamp() * 1000
            observability.time("TimeToConfirm", max(0.0, confirmed - made_at(event.order_id)))


def _mark(events: list[Event]) -> None:
    """Name the orders in the trace: a stream starts a trace of its own, which is found by its orders alone."""
    for event in events[:MOST_MARKED]:
        with tracing.span("event", order_id=event.order_id, correlation_id=event.correlation_id):
            pass
