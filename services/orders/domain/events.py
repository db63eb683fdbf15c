"""The events of an order: their types, the versions of their data, and how data of an old version is read."""

from shared.events import Data, Upcasters

ORDER_PLACED = "order_placed"
ORDER_CONFIRMED = "order_confirmed"
ORDER_DISPATCHED = "order_dispatched"
ORDER_COMPLETED = "order_completed"
ORDER_REJECTED = "order_rejected"
ORDER_CANCELED = "order_canceled"
ORDER_REFUND_REQUESTED = "order_refund_requested"
ORDER_REFUNDED = "order_refunded"
ORDER_REFUND_REFUSED = "order_refund_refused"

CURRENT_VERSIONS = {
    ORDER_PLACED: 2,
    ORDER_CONFIRMED: 1,
    ORDER_DISPATCHED: 1,
    ORDER_COMPLETED: 1,
    ORDER_REJECTED: 1,
    ORDER_CANCELED: 1,
    ORDER_REFUND_REQUESTED: 1,
    ORDER_REFUNDED: 1,
    ORDER_REFUND_REFUSED: 1,
}

upcasters = Upcasters(CURRENT_VERSIONS)


@upcasters.register(ORDER_PLACED, 1)
def _name_no_payment_method(data: Data) -> Data:
    """Version 1 is from before the platform took payment: how such an order was paid for is not known."""
    return {**data, "payment_method": None}
