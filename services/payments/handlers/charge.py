"""What the fulfillment workflow does with the payment; the contract is shared/contracts/commands/payments.*.json."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from payments.adapters.payment_store import PaymentStore
from payments.adapters.provider import Provider
from payments.adapters.provider_http import ProviderHttp, make_session
from payments.charging import Charging, TimeBudget
from payments.domain.decisions import Authorize, Capture, Command, RefundPart, Void
from shared import aws, config, observability
from shared.commands import Commands, Outcome, Request
from shared.money import Money, UnknownCurrencyError
from shared.secrets import Secret

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

WRITES_SECONDS = 2 * aws.LONGEST_CALL_SECONDS
"""The writes of the intent and of the outcome, at their worst."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from the environment."""

    payments_table: str
    payment_provider_url: str
    payment_provider_secret: str
    payment_provider_timeout_seconds: str


@dataclass(frozen=True, slots=True)
class Resources:
    """What commands work with; ``budget`` is that of the invocation that is under way."""

    charging: Charging
    budget: TimeBudget


@cache
def resources() -> Resources:
    """Made once per process; requests is imported here, during INIT. The secret is read when it is needed."""
    settings = config.load(Settings)
    timeout = float(settings.payment_provider_timeout_seconds)
    http = ProviderHttp(settings.payment_provider_url, timeout, make_session())
    provider = Provider(http, Secret(aws.client("secretsmanager"), settings.payment_provider_secret))
    store = PaymentStore(aws.client("dynamodb"), settings.payments_table)
    budget = TimeBudget(http.longest_call_seconds + WRITES_SECONDS)
    return Resources(Charging(store, provider, budget.suffices), budget)


commands = Commands("payments")


@commands.command("authorize")
def authorize(request: Request) -> Outcome:
    """Hold the amount."""
    return _carry_out(
        Authorize(request["order_id"], _money(request), request["payment_method"], request.get("partner_id"))
    )


@commands.command("capture")
def capture(request: Request) -> Outcome:
    """Take what is held."""
    return _carry_out(Capture(request["order_id"]))


@commands.command("void")
def void(request: Request) -> Outcome:
    """Let go of what is held, or will be."""
    return _carry_out(Void(request["order_id"]))


@commands.command("refund")
def refund(request: Request) -> Outcome:
    """Give back a part of what was taken."""
    return _carry_out(RefundPart(request["order_id"], request["refund_id"], _money(request)))


@observability.handler(prepare=resources)
def handler(event: dict[str, Any], context: "LambdaContext") -> Outcome:
    """Entry point: a command in, its outcome out.

    Raises ProviderUnavailableError, OutcomeUnknownError: try again later, it is asked before anything is done.
    """
    resources().budget.remaining = context.get_remaining_time_in_millis
    outcome = commands.handle(event)
    observability.count(f"{event['command']}_{outcome['outcome']}".title().replace("_", ""))
    return outcome


def _carry_out(command: Command) -> Outcome:
    return resources().charging.carry_out(command)


def _money(request: Request) -> Money:
    try:
        return Money(request["amount"]["amount"], request["amount"]["currency"])
    except UnknownCurrencyError as error:
        raise ValueError(f"/amount/currency: {error}") from None
