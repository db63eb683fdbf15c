"""What commands make of an order: each answers the event to append, or None if what it asks for is so already.

The same command again therefore adds nothing. A command that the order's status forbids raises WrongStatusError.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orders.domain import events
from orders.domain.order import Dispatch, Line, Order, Refund, RefundStatus, Status
from shared.clock import from_text, to_text
from shared.events import Data, Event
from shared.money import Money, UnknownCurrencyError

UNPAID = "payment_not_captured"
"""The reason to reject an order that was dispatched."""
LONGEST_DETAIL = 500
"""Characters of a rejection's detail that are kept: no text may keep an order from being rejected."""


class RuleBrokenError(Exception):
    """The order breaks a rule that no schema can state; ``pointer`` names the field of the command."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer}: {detail}")
        self.pointer = pointer
        self.detail = detail


class WrongStatusError(Exception):
    """The order's ``status`` forbids what the command asks for."""

    def __init__(self, status: Status) -> None:
        super().__init__(f"the order is {status}")
        self.status = status


class NotCancelableError(WrongStatusError):
    """The order was dispatched, or has come to its end."""


class NotRefundableError(WrongStatusError):
    """Only a completed order has taken money that could be given back."""


class RefundTooLargeError(Exception):
    """More is asked back than ``left``, which is what remains of the order's total."""

    def __init__(self, left: Money) -> None:
        super().__init__(f"only {left} can be refunded")
        self.left = left


class UnknownRefundError(Exception):
    """No refund of this id was requested for the order."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What an event needs beyond the command: its id, when it happens and which request asked for it."""

    event_id: str
    occurred_at: datetime
    correlation_id: str


def place(
    order_id: str,
    partner_id: str,
    currency: str,
    lines: Sequence[Line],
    payment_method: str,
    reference: str | None,
    cause: Cause,
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
        "lines": [line.to_dict() for line in lines],
        "total_amount": _total(currency, lines).amount,
        "payment_method": payment_method,
    }
    if reference is not None:
        data["reference"] = reference
    return _event(events.ORDER_PLACED, order_id, 1, cause, cause.occurred_at, data)


def confirm(order: Order, cause: Cause) -> Event | None:
    """The stock is reserved and the payment authorized."""
    if order.reached(Status.CONFIRMED):
        return None
    return _next(order, events.ORDER_CONFIRMED, cause, {})


def dispatch(order: Order, carrier: str, tracking_number: str, cause: Cause) -> Event | None:
    """The parcel is with the carrier; another parcel than the one that went out is forbidden."""
    if order.dispatch == Dispatch(carrier, tracking_number) and order.reached(Status.DISPATCHED):
        return None
    data: Data = {"carrier": carrier, "tracking_number": tracking_number}
    return _next(order, events.ORDER_DISPATCHED, cause, data)


def complete(order: Order, cause: Cause) -> Event | None:
    """The payment is captured: the order has come to its good end."""
    if order.reached(Status.COMPLETED):
        return None
    return _next(order, events.ORDER_COMPLETED, cause, {})


def reject(order: Order, reason: str, detail: str, cause: Cause) -> Event | None:
    """The platform cannot fulfil the order; the first reason stays.

    Once the parcel is out there is one reason left, that nobody paid for it: whoever gives up on an order for another
    one, at the moment that the parcel goes out, comes too late.
    """
    if order.status is Status.REJECTED:
        return None
    if order.status is Status.DISPATCHED and reason != UNPAID:
        raise WrongStatusError(order.status)
    return _next(order, events.ORDER_REJECTED, cause, {"reason": reason, "detail": detail[:LONGEST_DETAIL]})


def cancel(order: Order, reason: str, cause: Cause) -> Event | None:
    """The partner does not want the order any more; the first reason stays. Raises NotCancelableError."""
    if order.status is Status.CANCELED:
        return None
    return _next(order, events.ORDER_CANCELED, cause, {"reason": reason}, NotCancelableError)


def request_refund(order: Order, refund_id: str, amount: int, reason: str, cause: Cause) -> Event:
    """The partner wants ``amount`` minor units given back; ``refund_id`` is new, so that each request is another one.

    Raises NotRefundableError, RefundTooLargeError.
    """
    if order.status is Status.COMPLETED and amount > order.refundable_amount:
        raise RefundTooLargeError(Money(order.refundable_amount, order.total.currency))
    data: Data = {"refund_id": refund_id, "amount": amount, "currency": order.total.currency, "reason": reason}
    return _next(order, events.ORDER_REFUND_REQUESTED, cause, data, NotRefundableError)


def record_refund(order: Order, refund_id: str, cause: Cause) -> Event | None:
    """The money was given back. Raises UnknownRefundError, and WrongStatusError if the refund was refused before."""
    refund = _requested(order, refund_id)
    if refund.status is RefundStatus.REFUNDED:
        return None
    if refund.status is RefundStatus.REFUSED:
        raise WrongStatusError(order.status)
    data: Data = {
        "refund_id": refund_id,
        "amount": refund.amount,
        "refunded_amount": order.refunded_amount + refund.amount,
        "currency": order.total.currency,
    }
    return _next(order, events.ORDER_REFUNDED, cause, data)


def refuse_refund(order: Order, refund_id: str, reason: str, cause: Cause) -> Event | None:
    """The money cannot be given back. Raises UnknownRefundError, and WrongStatusError if it was given back before."""
    refund = _requested(order, refund_id)
    if refund.status is RefundStatus.REFUSED:
        return None
    if refund.status is RefundStatus.REFUNDED:
        raise WrongStatusError(order.status)
    return _next(order, events.ORDER_REFUND_REFUSED, cause, {"refund_id": refund_id, "reason": reason})


def _requested(order: Order, refund_id: str) -> Refund:
    refund = order.refund(refund_id)
    if refund is None:
        raise UnknownRefundError(refund_id)
    return refund


def _total(currency: str, lines: Sequence[Line]) -> Money:
    try:
        nothing = Money(0, currency)
    except UnknownCurrencyError:
        detail = f"{currency} is not an ISO 4217 currency that people pay with; send one such as EUR"
        raise RuleBrokenError("/currency", detail) from None
    return sum((Money(line.unit_amount, currency) * line.quantity for line in lines), nothing)


def _next(
    order: Order, event_type: str, cause: Cause, data: Data, forbidden: type[WrongStatusError] = WrongStatusError
) -> Event:
    """The order's next event; raises ``forbidden`` if its status does not allow it."""
    if not order.allows(event_type):
        raise forbidden(order.status)
    # Clocks differ between machines; within one order time never runs backwards.
    occurred_at = max(cause.occurred_at, from_text(order.updated_at))
    return _event(event_type, order.order_id, order.sequence + 1, cause, occurred_at, data)


def _event(event_type: str, order_id: str, sequence: int, cause: Cause, occurred_at: datetime, data: Data) -> Event:
    return Event(
        event_id=cause.event_id,
        type=event_type,
        version=events.CURRENT_VERSIONS[event_type],
        occurred_at=to_text(occurred_at),
        order_id=order_id,
        sequence=sequence,
        correlation_id=cause.correlation_id,
        data=data,
    )
