"""A shipment as the API shows it."""

from dataclasses import asdict
from typing import Any

from fulfillment.domain import Shipment


def whole(shipment: Shipment) -> dict[str, Any]:
    """The shipment without its tokens, which are nobody's business but the workflow's."""
    shown: dict[str, Any] = {"order_id": shipment.order_id, "status": shipment.status.value}
    if shipment.parcel is not None:
        return shown | asdict(shipment.parcel)
    if shipment.order_status is not None:
        return shown | {"order_status": shipment.order_status}
    return shown | {"reminders": shipment.reminders}
