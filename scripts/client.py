"""HTTP client of the order API, for the demo, the stack tests and the load tests.

It adds the two headers every call needs and nothing else: no retries and no exceptions on a status, because its users
look at exactly what the platform answered. One `requests.Session` per thread, as sessions are not thread-safe.
"""

import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

import requests

CONNECT_SECONDS = 3.05
READ_SECONDS = 30.0


@dataclass(frozen=True)
class OrderClient:
    """Calls the order API at `base_url` (no trailing slash) as the partner that owns `api_key`."""

    base_url: str
    api_key: str
    _local: threading.local = field(default_factory=threading.local, repr=False, compare=False)

    def place(self, order: Any, key: str | None = None) -> requests.Response:
        """POST /orders; `order` is sent as JSON. Without `key` a fresh Idempotency-Key is used."""
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        return self.request("POST", "/orders", json=order, headers=headers)

    def get(self, order_id: str, at: str | None = None) -> requests.Response:
        """GET /orders/{order_id}; `at` (RFC 3339) asks for the order as it was then."""
        return self.request("GET", f"/orders/{order_id}", params={"at": at} if at else {})

    def events(self, order_id: str, **query: str) -> requests.Response:
        """GET /orders/{order_id}/events."""
        return self.request("GET", f"/orders/{order_id}/events", params=query)

    def list(self, **query: str) -> requests.Response:
        """GET /orders with the query parameters `status`, `limit` and `next`."""
        return self.request("GET", "/orders", params=query)

    def cancel(self, order_id: str, reason: str) -> requests.Response:
        """POST /orders/{order_id}/cancel."""
        return self.request("POST", f"/orders/{order_id}/cancel", json={"reason": reason})

    def refund(self, order_id: str, amount: int, reason: str, key: str | None = None) -> requests.Response:
        """POST /orders/{order_id}/refunds, `amount` in minor units. Without `key` a fresh Idempotency-Key is used."""
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        body = {"amount": amount, "reason": reason}
        return self.request("POST", f"/orders/{order_id}/refunds", json=body, headers=headers)

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send any request with the partner's key; `options` are those of `requests.Session.request`.

        Errors: `requests.ConnectionError` and `requests.Timeout` when no answer came.
        """
        headers = {"x-api-key": self.api_key, **options.pop("headers", {})}
        return self._session().request(
            method, self.base_url + path, headers=headers, timeout=(CONNECT_SECONDS, READ_SECONDS), **options
        )

    def _session(self) -> requests.Session:
        session = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            # A proxy or netrc of the workstation must not come between the client and the platform.
            session.trust_env = not self.base_url.startswith("http://127.0.0.1")
        return session
