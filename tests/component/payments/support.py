"""What the component tests of the payments service share: names, amounts, commands."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from jsonschema import Draft4Validator

from shared.ids import new_id
from shared.schemas import CONTRACTS
from tests.component.gateway import Context
from tests.component.psp import Psp

PAYMENTS, SECRET, WEBHOOK_SECRET = "payments", "payment-provider", "payment-webhooks"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "PAYMENTS_TABLE": PAYMENTS,
    "PAYMENT_PROVIDER_SECRET": SECRET,
    "PAYMENT_PROVIDER_TIMEOUT_SECONDS": "0.5",
    "PAYMENT_WEBHOOK_SECRET": WEBHOOK_SECRET,
    "POWERTOOLS_METRICS_NAMESPACE": "Tradepost",
    "POWERTOOLS_SERVICE_NAME": "payments",
}
REQUESTS, OUTCOMES = (
    json.loads((CONTRACTS / "commands" / f"payments.{name}.json").read_text()) for name in ("request", "response")
)
"""The contract of the function charge."""

PLENTY = 55_000
"""Milliseconds that an invocation has left."""

type Outcome = dict[str, Any]


def euros(cents: int) -> dict[str, Any]:
    return {"amount": cents, "currency": "EUR"}


def new_order() -> str:
    return new_id("ord")


def new_refund() -> str:
    return new_id("rfd")


@dataclass(frozen=True)
class Charge:
    """Sends commands to the function charge; request and outcome are held against the contract."""

    module: ModuleType
    psp: Psp
    secret: Callable[[dict[str, str]], None]
    """Gives the provider's secret a value."""

    def __call__(self, command: str, order_id: str, *, remaining: int = PLENTY, **fields: Any) -> Outcome:
        event = {"command": command, "order_id": order_id, "correlation_id": "request-1", **fields}
        Draft4Validator(REQUESTS).validate(event)
        outcome: Outcome = self.module.handler(event, Context(remaining))
        Draft4Validator(OUTCOMES).validate(outcome)
        return outcome

    def authorize(self, order_id: str, method: str = "pm_approved", cents: int = 1000, **more: Any) -> Outcome:
        fields = {"amount": euros(cents), "payment_method": method, "partner_id": "partner-1"}
        return self("authorize", order_id, **(fields | more))

    def captured(self, method: str = "pm_approved") -> str:
        """An order whose payment is captured."""
        order_id = new_order()
        assert self.authorize(order_id, method) == {"outcome": "authorized"}
        assert self("capture", order_id) == {"outcome": "captured"}
        return order_id
