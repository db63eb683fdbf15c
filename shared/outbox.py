"""From a table's stream to the bus: what the functions that publish have in common. Imports what observability does.

What cannot be sent comes again with its record, so that nothing stored goes unpublished.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from shared import aws, batch, config, observability
from shared.publishing import Publishable, Publisher

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_LOGGED = ("order_id", "sku", "correlation_id", "event_id")


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from the environment."""

    event_bus_name: str


@cache
def publisher(source: str) -> Publisher:
    """The process's publisher of events of this source, made once."""
    return Publisher(aws.client("events"), config.load(Settings).event_bus_name, source)


def publish[Event: Publishable](
    records: Iterable[batch.Record],
    read: Callable[[batch.Record], Event | None],
    publisher: Publisher,
    context: "LambdaContext",
) -> tuple[list[Event], dict[str, list[dict[str, str]]]]:
    """Send the event that each record tells; answers the events, and the answer to Lambda: which records come again.

    ``read`` answers None for a record that tells nothing, and raises KeyError or ValueError for one it cannot read.
    """
    failed: list[batch.Record] = []
    events: list[Event] = []
    record_of: dict[str, batch.Record] = {}
    for record in records:
        try:
            event = read(record)
        except (KeyError, ValueError):
            observability.logger.exception("not an event", extra={"record": batch.sequence_number(record)})
            failed.append(record)
            continue
        if event is not None:
            events.append(event)
            record_of[event.event_id] = record
    failures = publisher.publish(events, lambda: context.get_remaining_time_in_millis() / 1000)
    for failure in failures:
        _log(failure.event, failure.reason)
        failed.append(record_of[failure.event.event_id])
    observability.count("EventsPublished", len(events) - len(failures))
    if failed:
        observability.count("PublishFailures", len(failed))
    return events, batch.failure_response(failed)


def _log(event: Publishable, reason: str) -> None:
    envelope = event.to_dict()
    keys = {name: envelope[name] for name in _LOGGED if name in envelope}
    observability.logger.error("event not published; its record comes again", extra={**keys, "reason": reason})
