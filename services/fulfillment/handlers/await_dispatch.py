"""The workflow waits for the parcel of an order: its token is kept until the shop, or the order's end, answers it."""

from typing import TYPE_CHECKING, Any

from fulfillment.resources import resources
from shared import observability
from shared.commands import Commands, Outcome, Request

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


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
