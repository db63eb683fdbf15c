"""Commands of the order workflow: authorize, capture, void and refund the payment of an order, as the contract says."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from payments.adapters.payment_store import PaymentStore
from payments.adapters.provider import Provider
from payments.adapters.provider_http import ProviderHttp, make_session
from payments.charging import Charging
from payments.domain import Authorize, Capture, Command, Outcome, RefundPart, Void
from shared import aws, config, observability
from shared.commands import CONTRACTS, check
from shared.money import Money, UnknownCurrencyError
from shared.secrets import Secret

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

CONTRACT = CONTRACTS / "payments.json"
WRITES_SECONDS = 2 * aws.LONGEST_CALL_SECONDS
"""The writes of the intent and of the outcome, at their worst."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from the environment."""

    payments_table: str
    payment_provider_url: str
    payment_provider_secret: str
    payment_provider_timeout_seconds: str


@cache
def resources() -> tuple[PaymentStore, Provider]:
    """Made once per process; requests is imported here, during INIT. The secret is read when it is needed."""
    settings = config.load(Settings)
    timeout = float(settings.payment_provider_timeout_seconds)
    http = ProviderHttp(settings.payment_provider_url, timeout, make_session())
    secret = Secret(aws.client("secretsmanager"), settings.payment_provider_secret)
    return PaymentStore(aws.client("dynamodb"), settings.payments_table), Provider(http, secret)


@observability.handler(prepare=resources)
def handler(event: dict[str, Any], context: "LambdaContext") -> Outcome:
    """Entry point: a request of contracts/commands/payments.json in, its response out.

    Raises ValueError for a malformed request, ProviderUnavailableError and OutcomeUnknownError for another attempt.
    """
    name = check(event, CONTRACT)
    observability.bind(order_id=event["order_id"], correlation_id=event["correlation_id"])
    store, provider = resources()
    needed = provider.http.longest_call_seconds + WRITES_SECONDS

    def has_time() -> bool:
        return context.get_remaining_time_in_millis() / 1000 >= needed

    outcome = Charging(store, provider, has_time).carry_out(_command(name, event))
    observability.logger.info("command done", extra={"command": name, "outcome": outcome["outcome"]})
    observability.count(f"Payments{outcome['outcome'].capitalize()}")
    return outcome


def _command(name: str, event: dict[str, Any]) -> Command:
    order_id = event["order_id"]
    match name:
        case "authorize":
            return Authorize(order_id, _money(event), event["payment_method"], event.get("partner_id"))
        case "capture":
            return Capture(order_id)
        case "void":
            return Void(order_id)
        case _:
            return RefundPart(order_id, event["refund_id"], _money(event))


def _money(event: dict[str, Any]) -> Money:
    try:
        return Money(event["amount"]["amount"], event["amount"]["currency"])
    except UnknownCurrencyError as error:
        raise ValueError(f"/amount/currency: {error}") from None
