"""A shipment: what waits for the parcel of an order, and what it is told. Imports no AWS, no Powertools.

The order decides: a shipment only remembers what became of its order, so that whoever waits learns it, however late.
"""

from dataclasses import dataclass
from enum import StrEnum

ORDER_DISPATCHED = "order_dispatched"
ENDS = {"order_canceled": "canceled", "order_rejected": "rejected"}
"""Events after which no parcel will go out, and the order's status after them."""


class Status(StrEnum):
    """Where a shipment stands."""

    AWAITING_DISPATCH = "awaiting_dispatch"
    DISPATCHED = "dispatched"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Parcel:
    """What the carrier took; ``dispatched_at`` as RFC 3339 text."""

    carrier: str
    tracking_number: str
    dispatched_at: str


@dataclass(frozen=True, slots=True)
class Shipment:
    """The shipment of an order.

    ``tokens`` are those of every wait that ever was for it. ``order_status`` is that of an order that ended without a
    parcel. ``partner_id`` is None as long as only an event has told of the order.
    """

    order_id: str
    partner_id: str | None = None
    tokens: tuple[str, ...] = ()
    reminders: int = 0
    parcel: Parcel | None = None
    order_status: str | None = None

    @property
    def status(self) -> Status:
        """The parcel counts before the end of the order: an order that was not paid for is rejected after dispatch."""
        if self.parcel is not None:
            return Status.DISPATCHED
        return Status.AWAITING_DISPATCH if self.order_status is None else Status.CLOSED


@dataclass(frozen=True, slots=True)
class Dispatched:
    """Tells a wait that the parcel is with the carrier."""

    parcel: Parcel


@dataclass(frozen=True, slots=True)
class OrderClosedError:
    """Tells a wait that there is nothing to wait for; the name is the error that the workflow catches."""

    order_status: str


type News = Dispatched | OrderClosedError


def news(shipment: Shipment) -> News | None:
    """What those who wait for the shipment are to be told; None as long as they have to wait."""
    if shipment.parcel is not None:
        return Dispatched(shipment.parcel)
    if shipment.order_status is not None:
        return OrderClosedError(shipment.order_status)
    return None
