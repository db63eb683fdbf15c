"""The parcel of an order goes out: the order is asked first, then those who wait are told."""

from dataclasses import dataclass

from fulfillment.adapters.executions import Executions
from fulfillment.adapters.orders import OrderCommands
from fulfillment.adapters.shipments import Shipments
from fulfillment.domain import Parcel, Shipment
from shared.clock import now, to_text


class ShipmentNotFoundError(Exception):
    """The partner has no such order, or nothing is to be shipped for it yet."""


class NotDispatchableError(Exception):
    """The order's status forbids it: it is not confirmed yet, has ended, or went out with another parcel."""

    def __init__(self, status: str) -> None:
        super().__init__(f"the order is {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A partner says that the parcel of one of its orders is with the carrier."""

    partner_id: str
    order_id: str
    carrier: str
    tracking_number: str
    correlation_id: str


def dispatch(orders: OrderCommands, shipments: Shipments, executions: Executions, command: Dispatch) -> Shipment:
    """Record the parcel; the same parcel again answers the same.

    The order decides between this and a cancellation; whoever waits is told after it has. Should that be cut short,
    the event order_dispatched makes up for it (handlers/end_wait.py).

    Raises ShipmentNotFoundError, NotDispatchableError, OrdersBusyError.
    """
    _require_own(orders, shipments, command)
    outcome = orders.dispatch(command.order_id, command.correlation_id, command.carrier, command.tracking_number)
    if outcome["outcome"] == "closed":
        raise NotDispatchableError(outcome["status"])
    if outcome["outcome"] != "dispatched":
        raise ShipmentNotFoundError
    parcel = Parcel(command.carrier, command.tracking_number, to_text(now()))
    shipment = shipments.record_parcel(command.order_id, parcel, command.partner_id)
    executions.tell(shipment)
    return shipment


def find_own(shipments: Shipments, partner_id: str, order_id: str) -> Shipment:
    """The shipment of one of the partner's orders; raises ShipmentNotFoundError."""
    shipment = shipments.get(order_id)
    if shipment is None or shipment.partner_id != partner_id:
        raise ShipmentNotFoundError
    return shipment


def _require_own(orders: OrderCommands, shipments: Shipments, command: Dispatch) -> None:
    """The shipment knows whose order it is, or the order itself where the workflow has not come to it yet."""
    shipment = shipments.get(command.order_id)
    partner_id = shipment.partner_id if shipment else None
    if partner_id is None:
        partner_id = orders.describe(command.order_id, command.correlation_id).get("partner_id")
    if partner_id != command.partner_id:
        raise ShipmentNotFoundError
