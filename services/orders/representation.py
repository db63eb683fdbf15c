"""Orders as JSON values: the whole order of the API, and the summary of lists and of the read model.

What an order does not have is left out.
"""

from typing import Any

from orders.domain.order import Order, Refund


def summary(order: Order) -> dict[str, Any]:
    """What lists show of an order."""
    values = {
        "order_id": order.order_id,
        "status": order.status.value,
        "currency": order.total.currency,
        "total_amount": order.total.amount,
        "refunded_amount": order.refunded_amount,
        "placed_at": order.placed_at,
        "updated_at": order.updated_at,
        "sequence": order.sequence,
        "reference": order.reference,
    }
    return _given(values)


def whole(order: Order) -> dict[str, Any]:
    """An order with its lines and all that happened to it."""
    dispatch, rejection, reason = order.dispatch, order.rejection, order.cancellation_reason
    values = {
        **summary(order),
        "payment_method": order.payment_method,
        "lines": [line.to_dict() for line in order.lines],
        "dispatch": dispatch and {"carrier": dispatch.carrier, "tracking_number": dispatch.tracking_number},
        "rejection": rejection and {"reason": rejection.reason, "detail": rejection.detail},
        "cancellation": reason and {"reason": reason},
        "refunds": [_refund(refund) for refund in order.refunds] or None,
        "timeline": [{"status": step.status.value, "at": step.at} for step in order.timeline],
    }
    return _given(values)


def _refund(refund: Refund) -> dict[str, Any]:
    values = {
        "refund_id": refund.refund_id,
        "amount": refund.amount,
        "reason": refund.reason,
        "status": refund.status.value,
        "refusal": refund.refusal,
    }
    return _given(values)


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
