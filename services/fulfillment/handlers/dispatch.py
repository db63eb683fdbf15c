"""REST API of the shipments. See the service's README for what each route answers."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fulfillment import dispatching
from fulfillment.adapters.executions import Executions
from fulfillment.adapters.orders import OrderCommands, OrdersBusyError
from fulfillment.adapters.shipments import Shipments
from fulfillment.dispatching import Dispatch, NotDispatchableError, ShipmentNotFoundError
from fulfillment.representation import whole
from shared import api, aws, config, observability, schemas
from shared.ids import is_id
from shared.problems import ProblemError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

DISPATCH = Path(__file__).parent.parent / "schemas" / "dispatch.json"
ORDERS_SECONDS = 5.0
"""How long orders.commands may take at a time; it takes a hundredth of it warm, a fifth with a cold start."""

_HINTS = {
    "placed": "stock and payment are not secured yet; send the parcel when the order is confirmed",
    "canceled": "the partner canceled the order; keep the parcel",
    "rejected": "the order was rejected; keep the parcel",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from the environment."""

    shipments_table: str
    orders_commands_arn: str


@dataclass(frozen=True, slots=True)
class Resources:
    """What requests work with."""

    orders: OrderCommands
    shipments: Shipments
    executions: Executions


@cache
def resources() -> Resources:
    """Made once per process."""
    settings = config.load(Settings)
    return Resources(
        OrderCommands(aws.client("lambda", read_timeout=ORDERS_SECONDS), settings.orders_commands_arn),
        Shipments(aws.client("dynamodb"), settings.shipments_table),
        Executions(aws.client("stepfunctions")),
    )


def _not_found(_: ShipmentNotFoundError) -> ProblemError:
    return ProblemError("not_found", "there is no shipment of such an order; an order has one once it is confirmed")


def _not_dispatchable(refused: NotDispatchableError) -> ProblemError:
    hint = _HINTS.get(refused.status, "it went out with another parcel before; GET /shipments/{order_id} shows which")
    return ProblemError("order_not_dispatchable", f"the order is {refused.status}: {hint}")


def _busy(_: OrdersBusyError) -> ProblemError:
    detail = "the order is busy; repeat the request after a second"
    return ProblemError("temporarily_unavailable", detail, headers={"Retry-After": "1"})


app = api.Api(
    {
        ShipmentNotFoundError: _not_found,
        NotDispatchableError: _not_dispatchable,
        OrdersBusyError: _busy,
    }
)


@app.route("POST /shipments/{order_id}/dispatched")
def dispatched(request: api.Request, order_id: str) -> api.Answer:
    """200 with the shipment; the same parcel again answers the same."""
    partner_id = request.partner()
    request.parameters(())
    body = request.json()
    schemas.validate(body, DISPATCH)
    _bind_order(order_id)
    command = Dispatch(partner_id, order_id, body["carrier"], body["tracking_number"], request.correlation_id)
    found = resources()
    shipment = dispatching.dispatch(found.orders, found.shipments, found.executions, command)
    observability.count("ShipmentsDispatched")
    observability.logger.info("dispatched")
    return api.answer(200, whole(shipment))


@app.route("GET /shipments/{order_id}")
def get_shipment(request: api.Request, order_id: str) -> api.Answer:
    """200 with the shipment; 404 before the order is confirmed."""
    partner_id = request.partner()
    request.parameters(())
    _bind_order(order_id)
    return api.answer(200, whole(dispatching.find_own(resources().shipments, partner_id, order_id)))


@observability.handler(prepare=resources)
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Entry point: an API Gateway REST proxy event in, its answer out."""
    return app.handle(event, context)


def _bind_order(order_id: str) -> None:
    if not is_id(order_id, "ord"):
        raise ShipmentNotFoundError
    observability.bind(order_id=order_id)
