"""What the fulfillment workflow tells of an order; the contract is shared/contracts/commands/orders.*.json."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from orders import use_cases
from orders.adapters.event_store import EventStore
from orders.domain import decisions
from orders.domain.decisions import UnknownRefundError, WrongStatusError
from orders.representation import whole
from orders.use_cases import Decide, OrderNotFoundError
from shared import aws, config, observability
from shared.commands import Commands, Outcome, Request

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from the environment."""

    order_events_table: str


@cache
def store() -> EventStore:
    """Made once per process."""
    return EventStore(aws.client("dynamodb"), config.load(Settings).order_events_table)


commands = Commands("orders")


@commands.command("confirm")
def confirm(request: Request) -> Outcome:
    """Stock and payment are secured."""
    return _change(request, "confirmed", "OrdersConfirmed", decisions.confirm)


@commands.command("dispatch")
def dispatch(request: Request) -> Outcome:
    """The parcel is with the carrier; from here on the order cannot be canceled."""
    carrier, tracking_number = request["carrier"], request["tracking_number"]
    return _change(
        request,
        "dispatched",
        "OrdersDispatched",
        lambda order, cause: decisions.dispatch(order, carrier, tracking_number, cause),
    )


@commands.command("complete")
def complete(request: Request) -> Outcome:
    """The payment is captured."""
    return _change(request, "completed", "OrdersCompleted", decisions.complete)


@commands.command("reject")
def reject(request: Request) -> Outcome:
    """The order cannot be fulfilled."""
    reason, detail = request["reason"], request["detail"]
    return _change(
        request, "rejected", "OrdersRejected", lambda order, cause: decisions.reject(order, reason, detail, cause)
    )


@commands.command("record_refund")
def record_refund(request: Request) -> Outcome:
    """The money of a refund was given back."""
    refund_id = request["refund_id"]
    return _change(
        request, "refunded", "RefundsPaid", lambda order, cause: decisions.record_refund(order, refund_id, cause)
    )


@commands.command("refuse_refund")
def refuse_refund(request: Request) -> Outcome:
    """The payment provider does not give the money of a refund back."""
    refund_id, reason = request["refund_id"], request["reason"]
    return _change(
        request,
        "refund_refused",
        "RefundsRefused",
        lambda order, cause: decisions.refuse_refund(order, refund_id, reason, cause),
    )


@commands.command("describe")
def describe(request: Request) -> Outcome:
    """The order as it is, for whoever it concerns: the partner's id stands beside what the API shows."""
    try:
        order = use_cases.folded(use_cases.load(store(), request["order_id"]))
    except OrderNotFoundError:
        return {"outcome": "not_found"}
    return {"outcome": "found", "partner_id": order.partner_id, **whole(order)}


@observability.handler(prepare=store)
def handler(event: dict[str, Any], _context: "LambdaContext") -> Outcome:
    """Entry point: a command in, its outcome out. Raises StoreBusyError and ConcurrentAppendError: try again later."""
    return commands.handle(event)


def _change(request: Request, outcome: str, metric: str, decide: Decide) -> Outcome:
    try:
        order, changed = use_cases.change(store(), request["order_id"], request["correlation_id"], decide)
    except (OrderNotFoundError, UnknownRefundError):
        return {"outcome": "not_found"}
    except WrongStatusError as wrong:
        return {"outcome": "closed", "status": wrong.status.value}
    if changed:
        observability.count(metric)
    return {"outcome": outcome, "status": order.status.value, "sequence": order.sequence}
