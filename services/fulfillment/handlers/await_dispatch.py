"""The workflow waits for the parcel of an order: its token is kept until the shop, or the order's end, answers it."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from fulfillment.adapters.executions import Executions
from fulfillment.adapters.shipments import Shipments
from shared import aws, config, observability
from shared.commands import Commands, Outcome, Request

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from the environment."""

    shipments_table: str


@cache
def resources() -> tuple[Shipments, Executions]:
    """Made once per process."""
    table = config.load(Settings).shipments_table
    return Shipments(aws.client("dynamodb"), table), Executions(aws.client("stepfunctions"))


commands = Commands("fulfillment")


@commands.command("await_dispatch")
def await_dispatch(request: Request) -> Outcome:
    """Keep the token first and look second: whoever ends the wait writes first and looks for tokens second."""
    shipments, executions = resources()
    reminders = request["reminders"]
    if reminders:
        observability.count("DispatchReminders")
        observability.logger.warning("not dispatched yet", extra={"reminders": reminders})
    shipment = shipments.add_wait(request["order_id"], request["partner_id"], request["task_token"], reminders)
    executions.tell(shipment)
    return {"outcome": shipment.status.value}


@observability.handler(prepare=resources)
def handler(event: dict[str, Any], _context: "LambdaContext") -> Outcome:
    """Entry point: a command in, its outcome out; what the execution goes on with comes by its token."""
    return commands.handle(event)
