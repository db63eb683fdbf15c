"""The event table and the read model, for the functions that bring the second up to the first."""

from dataclasses import dataclass
from functools import cache

from orders.adapters.event_store import EventStore
from orders.adapters.read_model import ReadModel
from shared import aws, config


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
