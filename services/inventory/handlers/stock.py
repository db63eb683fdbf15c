"""What the fulfillment workflow does with the stock; the contract is shared/contracts/commands/inventory.*.json."""

from typing import TYPE_CHECKING, Any

from inventory import use_cases
from inventory.domain import Line, Reservation, State
from inventory.resources import reservations
from inventory.use_cases import Change
from shared import observability
from shared.clock import from_text, now, to_text
from shared.commands import Commands, Outcome, Request

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

commands = Commands("inventory")


@commands.command("reserve")
def reserve(request: Request) -> Outcome:
    """All lines of an order, or none."""
    try:
        expires_at = to_text(from_text(request["expires_at"]))
    except ValueError as error:
        raise ValueError(f"/expires_at: {error}") from None
    wanted = Reservation(
        order_id=request["order_id"],
        state=State.RESERVED,
        correlation_id=request["correlation_id"],
        updated_at=to_text(now()),
        lines=tuple(Line(line["sku"], line["quantity"]) for line in request["lines"]),
        expires_at=expires_at,
    )
    return use_cases.reserve(reservations(), wanted)


@commands.command("release")
def release(request: Request) -> Outcome:
    """What the order has reserved goes back."""
    return use_cases.release(reservations(), _change(request))


@commands.command("ship")
def ship(request: Request) -> Outcome:
    """What the order has reserved leaves the shop."""
    return use_cases.ship(reservations(), _change(request))


@observability.handler(prepare=reservations)
def handler(event: dict[str, Any], _context: "LambdaContext") -> Outcome:
    """Entry point: a command in, its outcome out. Raises StockBusyError: try again later."""
    outcome = commands.handle(event)
    observability.count(f"{event['command']}_{outcome['outcome']}".title().replace("_", ""))
    return outcome


def _change(request: Request) -> Change:
    return Change(request["order_id"], request["correlation_id"], to_text(now()))
