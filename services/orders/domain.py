"""The order: a fold of its events, and the commands that add one. Pure: no AWS, no clock, no randomness."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import reduce

from shared.clock import from_text, to_text
from shared.events import Data, Event, Upcasters
from shared.money import Money, UnknownCurrencyError

ORDER_PLACED = "order_placed"
ORDER_CANCELED = "order_canceled"
CURRENT_VERSIONS = {ORDER_PLACED: 1, ORDER_CANCELED: 1}

upcasters = Upcasters(CURRENT_VERSIONS)


class Status(StrEnum):
    """Where an order stands."""

    PLACED = "placed"
    CANCELED = "canceled"


class RuleBrokenError(Exception):
    """The order breaks a rule that no schema can state; ``pointer`` names the field of the command."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer}: {detail}")
        self.pointer = pointer
        self.detail = detail


class BrokenHistoryError(Exception):
    """The events are not the history of one order: a gap, another order's event, a wrong first event."""


@dataclass(frozen=True, slots=True)
class Line:
    """One article; ``unit_amount`` is the price of one in minor units of the order's currency."""

    sku: str
    quantity: int
    unit_amount: int


@dataclass(frozen=True, slots=True)
class Cause:
    """What an event needs beyond the command: its id, when it happens and which request asked for it."""

    event_id: str
    occurred_at: datetime
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Order:
    """The state after ``sequence`` events. Times are texts as stored (UTC, milliseconds, Z)."""

    order_id: str
    partner_id: str
    status: Status
    lines: tuple[Line, ...]
    total: Money
    reference: str | None
    placed_at: str
    updated_at: str
    sequence: int


def place(
    order_id: str, partner_id: str, currency: str, lines: Sequence[Line], reference: str | None, cause: Cause
) -> Event:
    """The first event of an order; raises RuleBrokenError for an unknown currency or a SKU that stands twice."""
    first_seen: dict[str, int] = {}
    for index, line in enumerate(lines):
        if line.sku in first_seen:
            earlier = f"lines/{first_seen[line.sku]}"
            raise RuleBrokenError(f"/lines/{index}/sku", f"stands in {earlier} already; send one line per SKU")
        first_seen[line.sku] = index
    data: Data = {
        "partner_id": partner_id,
        "currency": currency,
        "lines": [{"sku": line.sku, "quantity": line.quantity, "unit_amount": line.unit_amount} for line in lines],
        "total_amount": _total(currency, lines).amount,
    }
    if reference is not None:
        data["reference"] = reference
    return _event(ORDER_PLACED, order_id, 1, cause, cause.occurred_at, data)


def cancel(order: Order, reason: str, cause: Cause) -> Event | None:
    """The event that cancels the order; None if it is canceled already."""
    if order.status is Status.CANCELED:
        return None
    # Clocks differ between machines; within one order time never runs backwards.
    occurred_at = max(cause.occurred_at, from_text(order.updated_at))
    return _event(ORDER_CANCELED, order.order_id, order.sequence + 1, cause, occurred_at, {"reason": reason})


def fold(events: Iterable[Event]) -> Order | None:
    """The order after these events, oldest first; None if there are none."""
    return reduce(_apply, map(upcasters.upcast, events), None)


def until(events: Iterable[Event], moment: datetime) -> list[Event]:
    """The events that had occurred by the moment: always the first so many of them."""
    return [event for event in events if from_text(event.occurred_at) <= moment]


def _apply(order: Order | None, event: Event) -> Order:
    if order is None:
        return _placed(event)
    if event.order_id != order.order_id or event.sequence != order.sequence + 1:
        raise BrokenHistoryError(
            f"{event.order_id} sequence {event.sequence} cannot follow {order.order_id} sequence {order.sequence}"
        )
    if event.type == ORDER_CANCELED:
        return replace(order, status=Status.CANCELED, updated_at=event.occurred_at, sequence=event.sequence)
    raise BrokenHistoryError(f"{event.type} cannot follow another event of {order.order_id}")


def _placed(event: Event) -> Order:
    if event.type != ORDER_PLACED or event.sequence != 1:
        raise BrokenHistoryError(f"{event.order_id} starts with {event.type} sequence {event.sequence}")
    data = event.data
    return Order(
        order_id=event.order_id,
        partner_id=data["partner_id"],
        status=Status.PLACED,
        lines=tuple(Line(line["sku"], line["quantity"], line["unit_amount"]) for line in data["lines"]),
        total=Money(data["total_amount"], data["currency"]),
        reference=data.get("reference"),
        placed_at=event.occurred_at,
        updated_at=event.occurred_at,
        sequence=event.sequence,
    )


def _total(currency: str, lines: Sequence[Line]) -> Money:
    try:
        nothing = Money(0, currency)
    except UnknownCurrencyError:
        detail = f"{currency} is not an ISO 4217 currency that people pay with; send one such as EUR"
        raise RuleBrokenError("/currency", detail) from None
    return sum((Money(line.unit_amount, currency) * line.quantity for line in lines), nothing)


def _event(event_type: str, order_id: str, sequence: int, cause: Cause, occurred_at: datetime, data: Data) -> Event:
    return Event(
        event_id=cause.event_id,
        type=event_type,
        version=CURRENT_VERSIONS[event_type],
        occurred_at=to_text(occurred_at),
        order_id=order_id,
        sequence=sequence,
        correlation_id=cause.correlation_id,
        data=data,
    )
