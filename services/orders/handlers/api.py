"""REST API of the orders. See the service's README for what each route answers."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orders import use_cases
from orders.adapters.answers import AnswerTable
from orders.adapters.event_store import ConcurrentAppendError, EventStore
from orders.adapters.read_model import ReadModel
from orders.domain.decisions import NotCancelableError, NotRefundableError, RefundTooLargeError, RuleBrokenError
from orders.domain.order import Status, until
from orders.representation import whole
from orders.use_cases import CancelOrder, OrderNotFoundError, PlaceOrder, RefundOrder
from shared import api, aws, config, observability, paging, schemas
from shared.clock import from_text
from shared.events import Event
from shared.ids import is_id
from shared.problems import Flaw, ProblemError, flawed_body, flawed_parameter

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SCHEMAS = Path(__file__).parent.parent / "schemas"
PLACE_ORDER = SCHEMAS / "place_order.json"
CANCEL_ORDER = SCHEMAS / "cancel_order.json"
REFUND_ORDER = SCHEMAS / "refund_order.json"


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from the environment."""

    order_events_table: str
    orders_view_table: str
    orders_idempotency_table: str


@dataclass(frozen=True, slots=True)
class Resources:
    """What requests work with."""

    store: EventStore
    read_model: ReadModel
    answers: AnswerTable


@cache
def resources() -> Resources:
    """Made once per process."""
    settings = config.load(Settings)
    client = aws.client("dynamodb")
    return Resources(
        EventStore(client, settings.order_events_table),
        ReadModel(client, settings.orders_view_table),
        AnswerTable(client, settings.orders_idempotency_table),
    )


def _not_found(_: OrderNotFoundError) -> ProblemError:
    return ProblemError("not_found", "there is no such order; check the id that POST /orders answered")


def _rule_broken(broken: RuleBrokenError) -> ProblemError:
    return flawed_body([Flaw("pointer", broken.pointer, broken.detail)], "unprocessable_order")


def _concurrent_update(_: ConcurrentAppendError) -> ProblemError:
    detail = "the order kept changing; read it again and repeat the request if it is still wanted"
    return ProblemError("concurrent_update", detail)


def _not_cancelable(wrong: NotCancelableError) -> ProblemError:
    detail = f"the order is {wrong.status}; it can be canceled until it is dispatched"
    return ProblemError("order_not_cancelable", detail)


def _not_refundable(wrong: NotRefundableError) -> ProblemError:
    detail = f"the order is {wrong.status}; money can be given back when it is completed and not yet refunded whole"
    return ProblemError("order_not_refundable", detail)


def _refund_too_large(refused: RefundTooLargeError) -> ProblemError:
    left = refused.left
    detail = f"must be at most {left.amount}: so much ({left}) is left of the total after the refunds before"
    return flawed_body([Flaw("pointer", "/amount", detail)], "refund_too_large")


app = api.Api(
    {
        OrderNotFoundError: _not_found,
        RuleBrokenError: _rule_broken,
        NotCancelableError: _not_cancelable,
        NotRefundableError: _not_refundable,
        RefundTooLargeError: _refund_too_large,
        ConcurrentAppendError: _concurrent_update,
    }
)


@app.route("POST /orders")
def place_order(request: api.Request) -> api.Answer:
    """201 with the order; the very same answer for a repeated Idempotency-Key."""
    partner_id = request.partner()
    request.parameters(())
    key = request.idempotency_key()
    body = request.json()
    schemas.validate(body, PLACE_ORDER)
    command = PlaceOrder(partner_id, key, body, request.correlation_id)
    answer, placed = use_cases.place(resources().store, resources().answers, command)
    observability.bind(order_id=answer.location.rpartition("/")[2])
    observability.count("OrdersPlaced" if placed else "OrdersRepeated")
    observability.logger.info("order placed" if placed else "earlier answer repeated")
    return api.answer(answer.status, answer.body, {"Location": answer.location})


@app.route("GET /orders")
def list_orders(request: api.Request) -> api.Answer:
    """200 with a page of summaries of the partner's orders, newest first."""
    partner_id = request.partner()
    parameters = request.parameters(("status", "limit", "next"))
    status = _status(parameters.get("status"))
    after = api.read_next(parameters, "orders", str)
    if after is not None and not is_id(after, "ord"):
        raise flawed_parameter("next", "names no order; send `next` of the last page unchanged")
    rows, last = resources().read_model.page(partner_id, status, api.read_limit(parameters), after)
    return api.answer(200, {"items": rows, "next": last and paging.encode("orders", last)})


@app.route("GET /orders/{order_id}")
def get_order(request: api.Request, order_id: str) -> api.Answer:
    """200 with the order as its events are now, or as they were at the time ``at``."""
    partner_id = request.partner()
    at = request.parameters(("at",)).get("at")
    moment = None if at is None else _moment(at)
    events = _own_events(partner_id, order_id)
    if moment is not None:
        placed_at = events[0].occurred_at
        events = until(events, moment)
        if not events:
            raise ProblemError("not_found", f"the order did not exist at that time; it was placed at {placed_at}")
    return api.answer(200, whole(use_cases.folded(events)))


@app.route("GET /orders/{order_id}/events")
def list_events(request: api.Request, order_id: str) -> api.Answer:
    """200 with a page of the order's events, oldest first."""
    partner_id = request.partner()
    parameters = request.parameters(("limit", "next"))
    limit = api.read_limit(parameters)
    after = api.read_next(parameters, "events", int) or 0
    later = [event for event in _own_events(partner_id, order_id) if event.sequence > after]
    page = later[:limit]
    token = paging.encode("events", page[-1].sequence) if len(later) > limit else None
    return api.answer(200, {"items": [event.to_dict() for event in page], "next": token})


@app.route("POST /orders/{order_id}/cancel")
def cancel_order(request: api.Request, order_id: str) -> api.Answer:
    """200 with the canceled order; an order that is canceled already stays as it is. 409 once it is dispatched."""
    partner_id = request.partner()
    request.parameters(())
    body = request.json()
    schemas.validate(body, CANCEL_ORDER)
    _bind_order(order_id)
    command = CancelOrder(partner_id, order_id, body["reason"], request.correlation_id)
    order, canceled = use_cases.cancel(resources().store, command)
    if canceled:
        observability.count("OrdersCanceled")
        observability.logger.info("order canceled")
    return api.answer(200, whole(order))


@app.route("POST /orders/{order_id}/refunds")
def refund_order(request: api.Request, order_id: str) -> api.Answer:
    """202 with the order, its refund requested; the very same answer for a repeated Idempotency-Key."""
    partner_id = request.partner()
    request.parameters(())
    key = request.idempotency_key()
    body = request.json()
    schemas.validate(body, REFUND_ORDER)
    _bind_order(order_id)
    command = RefundOrder(partner_id, order_id, key, body, request.correlation_id)
    answer, requested = use_cases.refund(resources().store, resources().answers, command)
    observability.count("RefundsRequested" if requested else "RefundsRepeated")
    observability.logger.info("refund requested" if requested else "earlier answer repeated")
    return api.answer(answer.status, answer.body, {"Location": answer.location})


@observability.handler(prepare=resources)
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Entry point: an API Gateway REST proxy event in, its answer out."""
    return app.handle(event, context)


def _own_events(partner_id: str, order_id: str) -> list[Event]:
    _bind_order(order_id)
    return use_cases.load_own(resources().store, partner_id, order_id)


def _bind_order(order_id: str) -> None:
    # Only a well-formed id goes into logs and to the table; any other text cannot name an order.
    if not is_id(order_id, "ord"):
        raise OrderNotFoundError
    observability.bind(order_id=order_id)


def _status(text: str | None) -> Status | None:
    try:
        return None if text is None else Status(text)
    except ValueError:
        raise flawed_parameter("status", f"must be one of {', '.join(Status)}") from None


def _moment(text: str) -> datetime:
    try:
        return from_text(text)
    except ValueError:
        advice = "must be an RFC 3339 time such as 2026-01-31T23:59:59Z (write the + of an offset as %2B)"
        raise flawed_parameter("at", advice) from None
