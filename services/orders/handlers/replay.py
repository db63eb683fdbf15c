"""Rebuilds the read model from the events, by hand, while traffic goes on. See the README for how to call it."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from orders import replaying
from orders.adapters.event_store import EventStore
from orders.adapters.read_model import ReadModel
from shared import aws, config, observability

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SAFETY_MILLISECONDS = 26_000
"""What is kept of the time-out: one more order is two calls of 12 s at the worst, and the cursor must be answered."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from the environment."""

    order_events_table: str
    orders_view_table: str


@cache
def resources() -> tuple[EventStore, ReadModel]:
    """Made once per process."""
    settings = config.load(Settings)
    client = aws.client("dynamodb")
    return EventStore(client, settings.order_events_table), ReadModel(client, settings.orders_view_table)


@observability.handler(prepare=resources)
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Entry point: {"next", "limit"} in, {"orders", "removed", "failed", "next"} out.

    ``limit`` is the most orders and rows to handle, null for no limit. Call again with ``next`` until it is null.
    """
    cursor = replaying.read_cursor(event.get("next"))
    limit = event.get("limit")
    if limit is not None and (type(limit) is not int or limit < 1):
        raise ValueError(f"limit must be a whole number from 1, or null for no limit; got {limit!r}")
    store, read_model = resources()
    progress = replaying.replay(
        store,
        read_model,
        cursor,
        limit,
        has_time=lambda: context.get_remaining_time_in_millis() > SAFETY_MILLISECONDS,
    )
    observability.logger.info("replayed", extra=progress.to_dict())
    observability.count("OrdersReplayed", progress.orders)
    return progress.to_dict()
