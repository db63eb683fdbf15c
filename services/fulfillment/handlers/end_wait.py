"""Events of orders -> executions that wait for a parcel: it went out, or there will be none."""

from typing import TYPE_CHECKING, Any

from fulfillment.adapters.shipments import Shipments
from fulfillment.domain import ENDS, ORDER_DISPATCHED, Parcel, Shipment
from fulfillment.resources import resources
from shared import observability
from shared.events import Event, from_dict

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@observability.handler(prepare=resources)
def handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, int]:
    """Entry point: the envelope of an event; answers how many executions it ended the wait of."""
    shipments, executions = resources()
    happened = from_dict(event)
    observability.bind(order_id=happened.order_id, event_id=happened.event_id)
    told = executions.tell(_record(shipments, happened))
    observability.logger.info("wait ended", extra={"event_type": happened.type, "told": told})
    return {"told": told}


def _record(shipments: Shipments, event: Event) -> Shipment:
    """Raises ValueError for an event that says nothing about a parcel."""
    if event.type == ORDER_DISPATCHED:
        parcel = Parcel(event.data["carrier"], event.data["tracking_number"], event.occurred_at)
        return shipments.record_parcel(event.order_id, parcel)
    if event.type in ENDS:
        return shipments.record_end(event.order_id, ENDS[event.type])
    raise ValueError(f"{event.type} neither ends an order nor sends its parcel; correct the pattern of the rule")
