"""What the smoke suite knows of an environment: where its API is, and the key of a partner of its own.

`make e2e` sets TRADEPOST_API_URL and TRADEPOST_API_KEY. Nothing here needs AWS, and nothing is kept: an order is marked
as the suite's by its reference and its article, and canceled when the tests that use it are over.
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
        return {"currency": "EUR", "reference": self.reference, "lines": [line], **fields}

    def place(self, body: Any, key: str | None = None) -> requests.Response:
        """POST /orders with an Idempotency-Key, a fresh one without `key`; `body` is an object, or text as it is."""
        assert len(self.accepted) < MOST_ORDERS, "the suite places more orders than it may"
        headers = {"Idempotency-Key": key or str(uuid4()), "Content-Type": "application/json"}
        data = body if isinstance(body, str) else json.dumps(body)
        answer = self.client.request("POST", "/orders", data=data, headers=headers)
        if answer.status_code == 201 and (order_id := answer.json()["order_id"]) not in self.accepted:
            self.accepted.append(order_id)
        return answer

    def clean_up(self) -> None:
        answers = {order_id: self.client.cancel(order_id, "smoke test") for order_id in self.accepted}
        left = {order_id: answer.text for order_id, answer in answers.items() if not answer.ok}
        assert not left, f"could not be canceled, look after them by hand: {left}"


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
