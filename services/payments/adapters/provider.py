"""The payment provider, in the words of the domain; what a provider must offer for this is in the service's README."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from payments.adapters.provider_http import (
    OutcomeUnknownError,
    ProviderHttp,
    ProviderRefusedError,
    ProviderUnavailableError,
    Response,
)
from payments.domain.payment import Operation, Payment
from payments.domain.settlement import Accepted, Conflict, Declined, Reply
from shared.secrets import Secret


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of the provider's API: its id, by which it is revoked, and the secret text that is sent."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Provider:
    """Payments at the provider. ``secret`` has the fields api_key and api_key_id."""

    http: ProviderHttp
    secret: Secret

    def perform(self, payment: Payment) -> Reply:
        """Do what the payment's intent says, once per its key.

        Raises ProviderUnavailableError, OutcomeUnknownError, ProviderRefusedError.
        """
        if payment.intent is None:
            raise ValueError("there is nothing to perform")
        path, body = _request(payment, payment.intent.operation)
        return _reply(self._send("POST", path, body, payment.intent.key))

    def ask(self, key: str) -> Reply | None:
        """What became of the request with this key; None if it has done nothing.

        Raises OutcomeUnknownError while the provider is at it, ProviderUnavailableError, ProviderRefusedError.
        """
        response = self._send("GET", f"/v1/requests/{quote(key, safe='')}")
        if response.status == 404 and response.code == "unknown_request":
            return None
        found = response.body
        if response.status != 200:
            raise ProviderRefusedError(_shown(response))
        if found["state"] == "in_progress":
            raise OutcomeUnknownError(f"the provider is still at {key}")
        return _reply(Response(found["status"], found["body"]))

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None, idempotency_key: str = "") -> Response:
        """With the key as it is known; if it is refused, once with the one that is current now."""
        response = self.http.send(method, path, self.secret.value()["api_key"], body, idempotency_key)
        if response.status == 401:
            response = self.http.send(
                method, path, self.secret.value(max_age_seconds=0)["api_key"], body, idempotency_key
            )
        if response.status == 401:
            raise ProviderUnavailableError("the provider refuses the API key; see the rotation of its secret")
        return response


@dataclass(frozen=True, slots=True)
class ProviderKeys:
    """The keys of the provider's API, managed with one of them."""

    http: ProviderHttp

    def create(self, api_key: str, idempotency_key: str) -> ApiKey:
        """A new key beside those that there are; the same one for the same ``idempotency_key``."""
        response = self.http.send("POST", "/v1/api_keys", api_key, {}, idempotency_key)
        if response.status != 201:
            raise ProviderRefusedError(_shown(response))
        return ApiKey(response.body["id"], response.body["secret"])

    def revoke(self, api_key: str, key_id: str) -> None:
        """Make a key invalid; one that is not there is none."""
        response = self.http.send("DELETE", f"/v1/api_keys/{quote(key_id, safe='')}", api_key)
        if response.status not in (204, 404):
            raise ProviderRefusedError(_shown(response))

    def check(self, api_key: str) -> None:
        """Raise ProviderRefusedError unless the provider accepts the key."""
        response = self.http.send("GET", "/v1/payments?order_id=none", api_key)
        if response.status != 200:
            raise ProviderRefusedError(_shown(response))


def _request(payment: Payment, operation: Operation) -> tuple[str, dict[str, Any]]:
    """Path and body of the request for an operation."""
    match operation:
        case Operation.AUTHORIZE if payment.amount is not None:
            money = {"amount": payment.amount.amount, "currency": payment.amount.currency}
            return "/v1/payments", {"order_id": payment.order_id, **money, "payment_method": payment.payment_method}
        case Operation.CAPTURE:
            return f"/v1/payments/{payment.payment_id}/capture", {}
        case Operation.VOID:
            return "/v1/voids", {"order_id": payment.order_id, "authorization_key": payment.authorization_key}
        case Operation.REFUND if payment.intent is not None:
            refund = {"reference": payment.intent.refund_id, "amount": payment.intent.amount}
            return f"/v1/payments/{payment.payment_id}/refunds", refund
    raise ValueError(f"{operation} of {payment.order_id} lacks an amount")


def _reply(response: Response) -> Reply:
    """What an answer to an operation means."""
    match response.status:
        case 200 | 201:
            return Accepted(response.body.get("id"))
        case 402:
            return Declined(response.code or "declined")
        case 409 if response.code == "request_in_progress":
            raise OutcomeUnknownError("the provider is still at an earlier request with this key")
        case 409:
            return Conflict(response.code)
    raise ProviderRefusedError(_shown(response))


def _shown(response: Response) -> str:
    return f"the provider answers {response.status} {response.code}".strip()
