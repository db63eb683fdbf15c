"""Events: the envelope, its stored form and upcasting. Imports the standard library only (no AWS, no Powertools)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from shared.dynamodb import Item, from_item, to_item

type Data = dict[str, Any]
type Upcaster = Callable[[Data], Data]


@dataclass(frozen=True, slots=True)
class Event:
    """An event of an order: stored in the event table, sent on the bus; the schema is contracts/events/envelope.json.

    ``version`` is that of the schema of ``data``; ``sequence`` the position in the order, from 1 without gaps.
    """

    event_id: str
    type: str
    version: int
    occurred_at: str
    order_id: str
    sequence: int
    correlation_id: str
    data: Data

    @property
    def subject(self) -> str:
        """What the event happened to."""
        return self.order_id

    def to_dict(self) -> dict[str, Any]:
        """The envelope as JSON values, in the order of the fields."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def to_item(self) -> Item:
        """The envelope as a DynamoDB item."""
        return to_item(self.to_dict())


def from_dict(envelope: Mapping[str, Any]) -> Event:
    """Read an envelope; attributes that it does not know (added by a newer writer) are left aside."""
    return Event(**{field.name: envelope[field.name] for field in fields(Event)})


def event_from_item(item: Item) -> Event:
    """Read a stored envelope; raises KeyError naming an attribute that is missing."""
    return from_dict(from_item(item))


class UnknownEventError(Exception):
    """The event is of a type or a version that this code does not know; a newer release wrote it."""


class Upcasters:
    """Turns the data of old versions into that of the current one, on reading; stored events are never rewritten."""

    def __init__(self, current: Mapping[str, int]) -> None:
        """``current``: event type -> the newest version that this code knows."""
        self._current = dict(current)
        self.steps: dict[tuple[str, int], Upcaster] = {}

    def register(self, event_type: str, from_version: int) -> Callable[[Upcaster], Upcaster]:
        """Decorate the function that turns data of ``from_version`` into data of the version after it."""

        def add(step: Upcaster) -> Upcaster:
            self.steps[event_type, from_version] = step
            return step

        return add

    def upcast(self, event: Event) -> Event:
        """The event with data of the current version; raises UnknownEventError for what only newer code knows."""
        current = self._current.get(event.type)
        if current is None or event.version > current:
            raise UnknownEventError(f"{event.type} version {event.version} (event {event.event_id}) is unknown here")
        data = event.data
        for version in range(event.version, current):
            data = self.steps[event.type, version](data)
        return replace(event, version=current, data=data)
