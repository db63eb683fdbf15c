"""Orders as JSON values: the whole order of the API, and the summary of lists and of the read model."""

from typing import Any

from orders.domain import Order


def summary(order: Order) -> dict[str, Any]:
    """An order without its lines."""
    values: dict[str, Any] = {
        "order_id": order.order_id,
        "status": order.status.value,
        "currency": order.total.currency,
        "total_amount": order.total.amount,
        "placed_at": order.placed_at,
        "updated_at": order.updated_at,
        "sequence": order.sequence,
    }
    if order.reference is not None:
        values["reference"] = order.reference
    return values


def whole(order: Order) -> dict[str, Any]:
    """An order with its lines."""
    lines = [{"sku": line.sku, "quantity": line.quantity, "unit_amount": line.unit_amount} for line in order.lines]
    return {**summary(order), "lines": lines}
