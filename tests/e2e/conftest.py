"""What the smoke suite knows of an environment: where its API is, and the key of a partner of its own.

`make e2e` sets TRADEPOST_API_URL and TRADEPOST_API_KEY. Nothing here needs AWS, and nothing is kept: an order is marked
as the suite's by its reference, its article, which nobody stocks, and its means of payment, which no provider knows; so
it takes no stock and no money. It is canceled when the tests that use it are over, unless it was rejected before.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import requests

from scripts.client import OrderClient
from tests.waiting import eventually

ARTICLE = "E2E-SMOKE-TEST"
PAYMENT = "pm_e2e_smoke_test"
# More than a whole run needs: a defect must not fill a shop's books.
MOST_ORDERS = 20
# What was deployed a moment ago may not be known yet to all of API Gateway: a stage (404), a key (403).
SPREADING = (403, 404)
SPREAD_SECONDS = 60


@dataclass
class Orders:
    """Places orders that carry the run's mark, and cancels those that were accepted."""

    client: OrderClient
    reference: str
    accepted: list[str] = field(default_factory=list)

    def body(self, **fields: Any) -> dict[str, Any]:
        """A valid order of one article, with `fields` set over it."""
        line = {"sku": ARTICLE, "quantity": 1, "unit_amount": 100}
        return {
            "currency": "EUR",
            "payment_method": PAYMENT,
            "reference": self.reference,
            "lines": [line],
            **fields,
        }

    def place(self, body: Any, key: str | None = None) -> requests.Response:
        """POST /orders with an Idempotency-Key, a fresh one without `key`; `body` is an object, or text as it is."""
        assert len(self.accepted) < MOST_ORDERS, "the suite places more orders than it may"
        headers = {"Idempotency-Key": key or str(uuid4()), "Content-Type": "application/json"}
        data = body if isinstance(body, str) else json.dumps(body)
        answer = self.client.request("POST", "/orders", data=data, headers=headers)
        if answer.status_code == 201 and (order_id := answer.json()["order_id"]) not in self.accepted:
            self.accepted.append(order_id)
        return answer

    def end(self, order_id: str) -> str:
        """Cancel an order; return "canceled", or "rejected" if the platform came first with that."""
        answer = self.client.cancel(order_id, "smoke test")
        if answer.ok:
            return "canceled"
        now = self.client.get(order_id)
        assert answer.status_code == 409, f"cannot be canceled: {answer.text}"
        assert now.json()["status"] == "rejected", f"cannot be canceled: {now.text}"
        return "rejected"

    def clean_up(self) -> None:
        left = []
        for order_id in self.accepted:
            try:
                self.end(order_id)
            except (AssertionError, requests.RequestException) as error:
                left.append(f"{order_id}: {error}")
        assert not left, f"look after these by hand: {left}"


def _given(name: str) -> str:
    if value := os.environ.get(name):
        return value
    pytest.exit(f"{name} is not set: run `make e2e ENV=<env>`, or `make e2e API_URL=... API_KEY=...`", returncode=4)


@pytest.fixture(scope="session")
def client() -> OrderClient:
    """A client whose key works."""
    made = OrderClient(_given("TRADEPOST_API_URL").rstrip("/"), _given("TRADEPOST_API_KEY"))

    def first() -> list[requests.Response]:
        answer = made.list(limit="1")
        assert answer.status_code not in SPREADING, f"{made.base_url} answers {answer.status_code}: {answer.text[:500]}"
        return [answer]

    [answer] = eventually(first, SPREAD_SECONDS, pause=1)
    assert answer.status_code == 200, f"{made.base_url} answers {answer.status_code}: {answer.text[:500]}"
    return made


@pytest.fixture(scope="session")
def reference() -> str:
    """Marks what this run makes; at most 64 characters."""
    return f"e2e-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.urandom(4).hex()}"


@pytest.fixture(scope="module")
def orders(client: OrderClient, reference: str) -> Iterator[Orders]:
    made = Orders(client, reference)
    yield made
    made.clean_up()
