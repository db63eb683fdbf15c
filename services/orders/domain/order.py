"""The state of an order: the fold of its events."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import reduce
from typing import Any

from orders.domain import events
from shared.clock import from_text
from shared.events import Event
from shared.money import Money


class Status(StrEnum):
    """Where an order stands."""

    PLACED = "placed"
    CONFIRMED = "confirmed"
    DISPATCHED = "dispatched"
    COMPLETED = "completed"
    REFUNDED = "refunded"
    REJECTED = "rejected"
    CANCELED = "canceled"


_PATH = (Status.PLACED, Status.CONFIRMED, Status.DISPATCHED, Status.COMPLETED, Status.REFUNDED)
"""The way of an order that nobody stops; a refund of everything is its last step, which few take."""

_ALLOWED_IN: dict[str, frozenset[Status]] = {
    events.ORDER_CONFIRMED: frozenset({Status.PLACED}),
    events.ORDER_DISPATCHED: frozenset({Status.CONFIRMED}),
    events.ORDER_COMPLETED: frozenset({Status.DISPATCHED}),
    events.ORDER_REJECTED: frozenset({Status.PLACED, Status.CONFIRMED, Status.DISPATCHED}),
    events.ORDER_CANCELED: frozenset({Status.PLACED, Status.CONFIRMED}),
    events.ORDER_REFUND_REQUESTED: frozenset({Status.COMPLETED}),
    events.ORDER_REFUNDED: frozenset({Status.COMPLETED}),
    events.ORDER_REFUND_REFUSED: frozenset({Status.COMPLETED}),
}

_LEADS_TO = {
    events.ORDER_CONFIRMED: Status.CONFIRMED,
    events.ORDER_DISPATCHED: Status.DISPATCHED,
    events.ORDER_COMPLETED: Status.COMPLETED,
    events.ORDER_REJECTED: Status.REJECTED,
    events.ORDER_CANCELED: Status.CANCELED,
}


class BrokenHistoryError(Exception):
    """The events are not the history of one order: a gap, another order's event, one that its status forbids."""


@dataclass(frozen=True, slots=True)
class Line:
    """One article; ``unit_amount`` is the price of one in minor units of the order's currency."""

    sku: str
    quantity: int
    unit_amount: int

    def to_dict(self) -> dict[str, Any]:
        """The line as it stands in requests, events and answers."""
        return {"sku": self.sku, "quantity": self.quantity, "unit_amount": self.unit_amount}


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Who carries the parcel, and the number to follow it by."""

    carrier: str
    tracking_number: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why the platform could not fulfil the order: a code for programs, a sentence for people."""

    reason: str
    detail: str


class RefundStatus(StrEnum):
    """Where a refund stands."""

    REQUESTED = "requested"
    REFUNDED = "refunded"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Refund:
    """Money to give back: ``amount`` minor units of the order's currency; ``refusal`` says why it was not given."""

    refund_id: str
    amount: int
    reason: str
    status: RefundStatus = RefundStatus.REQUESTED
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A status and since when; the time is a text as stored."""

    status: Status
    at: str


@dataclass(frozen=True, slots=True)
class Order:
    """The state after ``sequence`` events. Times are texts as stored (UTC, milliseconds, Z)."""

    order_id: str
    partner_id: str
    status: Status
    lines: tuple[Line, ...]
    total: Money
    payment_method: str | None
    reference: str | None
    placed_at: str
    updated_at: str
    sequence: int
    timeline: tuple[Step, ...]
    dispatch: Dispatch | None = None
    rejection: Rejection | None = None
    cancellation_reason: str | None = None
    refunds: tuple[Refund, ...] = ()

    def reached(self, status: Status) -> bool:
        """Whether the order has come to this status, or past it, on the way to its good end and was not stopped."""
        return self.status in _PATH and status in _PATH[: _PATH.index(self.status) + 1]

    def allows(self, event_type: str) -> bool:
        """Whether an event of this type may follow."""
        return self.status in _ALLOWED_IN.get(event_type, ())

    def refund(self, refund_id: str) -> Refund | None:
        """The refund of this id; None if none was requested."""
        return next((refund for refund in self.refunds if refund.refund_id == refund_id), None)

    @property
    def refunded_amount(self) -> int:
        """What was given back, in minor units."""
        return sum(refund.amount for refund in self.refunds if refund.status is RefundStatus.REFUNDED)

    @property
    def refundable_amount(self) -> int:
        """What may still be asked back, in minor units: requests that are on their way count as given."""
        taken = sum(refund.amount for refund in self.refunds if refund.status is not RefundStatus.REFUSED)
        return self.total.amount - taken


def fold(history: Iterable[Event]) -> Order | None:
    """The order after these events, oldest first; None if there are none."""
    return reduce(_apply, map(events.upcasters.upcast, history), None)


def until(history: Iterable[Event], moment: datetime) -> list[Event]:
    """The events that had occurred by the moment: always the first so many of them."""
    return [event for event in history if from_text(event.occurred_at) <= moment]


def _apply(order: Order | None, event: Event) -> Order:
    if order is None:
        return _placed(event)
    if event.order_id != order.order_id or event.sequence != order.sequence + 1:
        raise BrokenHistoryError(
            f"{event.order_id} sequence {event.sequence} cannot follow {order.order_id} sequence {order.sequence}"
        )
    if not order.allows(event.type):
        raise BrokenHistoryError(f"{event.type} cannot happen to {order.order_id}, which is {order.status}")
    changed = replace(order, **_told(order, event), updated_at=event.occurred_at, sequence=event.sequence)
    status = _status_after(changed, event)
    if status is order.status:
        return changed
    return replace(changed, status=status, timeline=(*order.timeline, Step(status, event.occurred_at)))


def _placed(event: Event) -> Order:
    if event.type != events.ORDER_PLACED or event.sequence != 1:
        raise BrokenHistoryError(f"{event.order_id} starts with {event.type} sequence {event.sequence}")
    data = event.data
    return Order(
        order_id=event.order_id,
        partner_id=data["partner_id"],
        status=Status.PLACED,
        lines=tuple(Line(line["sku"], line["quantity"], line["unit_amount"]) for line in data["lines"]),
        total=Money(data["total_amount"], data["currency"]),
        payment_method=data["payment_method"],
        reference=data.get("reference"),
        placed_at=event.occurred_at,
        updated_at=event.occurred_at,
        sequence=event.sequence,
        timeline=(Step(Status.PLACED, event.occurred_at),),
    )


def _told(order: Order, event: Event) -> dict[str, Any]:
    """The fields of the order that the event's data change."""
    data = event.data
    match event.type:
        case events.ORDER_DISPATCHED:
            return {"dispatch": Dispatch(data["carrier"], data["tracking_number"])}
        case events.ORDER_REJECTED:
            return {"rejection": Rejection(data["reason"], data["detail"])}
        case events.ORDER_CANCELED:
            return {"cancellation_reason": data["reason"]}
        case events.ORDER_REFUND_REQUESTED | events.ORDER_REFUNDED | events.ORDER_REFUND_REFUSED:
            return {"refunds": _refunds(order, event)}
    return {}


def _refunds(order: Order, event: Event) -> tuple[Refund, ...]:
    data, refund = event.data, order.refund(event.data["refund_id"])
    if event.type == events.ORDER_REFUND_REQUESTED and refund is None:
        return (*order.refunds, Refund(data["refund_id"], data["amount"], data["reason"]))
    if refund is None or refund.status is not RefundStatus.REQUESTED or event.type == events.ORDER_REFUND_REQUESTED:
        raise BrokenHistoryError(f"{event.type} cannot happen to refund {data['refund_id']} of {order.order_id}")
    if event.type == events.ORDER_REFUNDED:
        settled = replace(refund, status=RefundStatus.REFUNDED)
    else:
        settled = replace(refund, status=RefundStatus.REFUSED, refusal=data["reason"])
    return tuple(settled if one is refund else one for one in order.refunds)


def _status_after(changed: Order, event: Event) -> Status:
    if event.type == events.ORDER_REFUNDED and changed.refunded_amount == changed.total.amount:
        return Status.REFUNDED
    return _LEADS_TO.get(event.type, changed.status)
