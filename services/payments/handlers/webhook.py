"""Webhooks of the payment provider: signed by it, taken in once, in whatever order they come."""

import base64
import binascii
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from payments import webhooks
from payments.adapters.payment_store import ConcurrentUpdateError, PaymentStore
from payments.signature import BadSignatureError, verify
from payments.webhooks import Taken
from shared import api, aws, config, observability
from shared.ids import is_id
from shared.problems import ProblemError, flawed_header
from shared.secrets import LIFETIME_SECONDS, Secret
from shared.transactions import BusyError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SIGNATURE = "Provider-Signature"
REREAD_SECONDS = 1.0
"""A signature that does not fit may be of a newer secret; strangers' signatures make it read no more often than so."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from the environment."""

    payments_table: str
    payment_webhook_secret: str


@cache
def resources() -> tuple[PaymentStore, Secret]:
    """Made once per process; the secret is read when it is needed."""
    settings = config.load(Settings)
    store = PaymentStore(aws.client("dynamodb"), settings.payments_table)
    return store, Secret(aws.client("secretsmanager"), settings.payment_webhook_secret)


def _busy(_: Exception) -> ProblemError:
    detail = "nothing was changed; send the event again"
    return ProblemError("temporarily_unavailable", detail, headers={"Retry-After": "1"})


app = api.Api({BusyError: _busy, ConcurrentUpdateError: _busy})


@app.route("POST /payments/events")
def take_event(request: api.Request) -> api.Answer:
    """200 for whatever the provider signed and this service understands, also if it changed nothing."""
    request.parameters(())
    store, secret = resources()
    _verify(request, secret)
    event = webhooks.read(request.json())
    if not is_id(event.order_id, "ord"):
        # Signed by the provider, but not made by this shop: another user of the same account.
        taken = Taken.OF_NO_PAYMENT
    else:
        observability.bind(order_id=event.order_id)
        taken = webhooks.take_in(store, event)
    observability.logger.info("webhook", extra={"event_id": event.event_id, "type": event.type, "taken": taken.value})
    observability.count(f"Webhooks{taken.value.title().replace('_', '')}")
    return api.answer(200, {"event_id": event.event_id, "taken": taken.value})


def _verify(request: api.Request, secret: Secret) -> None:
    """Raise ProblemError (401) unless the provider signed the body, with the secret that is current now."""
    header, body = request.header(SIGNATURE, "the provider signs each event"), _raw(request)
    flaw = ""
    for max_age_seconds in (LIFETIME_SECONDS, REREAD_SECONDS):
        try:
            return verify(header, body, secret.value(max_age_seconds)["signing_secret"], time.time())
        except BadSignatureError as error:
            flaw = str(error)
    observability.count("WebhooksRefused")
    problem = flawed_header(SIGNATURE, f"{flaw}; sign `<t>.<body>` with the endpoint's secret when you send it")
    raise ProblemError("unauthorized", problem.detail, problem.flaws)


def _raw(request: api.Request) -> bytes:
    """The body as it was sent."""
    body = request.body or ""
    try:
        return base64.b64decode(body, validate=True) if request.is_base64 else body.encode()
    except binascii.Error:
        return b""


@observability.handler(prepare=resources)
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Entry point: an API Gateway REST proxy event in, its answer out."""
    return app.handle(event, context)
