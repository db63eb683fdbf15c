"""Orders as a partner meets them."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin
from uuid import uuid4

import pytest
import requests

from scripts.client import OrderClient
from tests.e2e.conftest import ARTICLE, Orders
from tests.stack.orders import assert_problem
from tests.waiting import eventually


@dataclass(frozen=True)
class Placed:
    """An order that was accepted."""

    key: str
    body: dict[str, Any]
    answer: requests.Response

    @property
    def order(self) -> dict[str, Any]:
        made: dict[str, Any] = self.answer.json()
        return made


@pytest.fixture(scope="module")
def placed(orders: Orders) -> Placed:
    key, body = f"{orders.reference}-{uuid4().hex[:8]}", orders.body()
    return Placed(key, body, orders.place(body, key))


def test_an_order_is_placed(placed: Placed, client: OrderClient) -> None:
    assert placed.answer.status_code == 201, placed.answer.text
    assert placed.order["status"] == "placed"
    assert placed.order["total_amount"] == 100
    assert placed.order["lines"] == placed.body["lines"]
    location = urljoin(placed.answer.url, placed.answer.headers["Location"])
    assert location == f"{client.base_url}/orders/{placed.order['order_id']}"


def test_the_same_key_and_body_place_it_once(placed: Placed, orders: Orders) -> None:
    again = orders.place(placed.body, placed.key)
    assert (again.status_code, again.content) == (201, placed.answer.content)


def test_a_key_belongs_to_one_body(placed: Placed, orders: Orders) -> None:
    other = orders.place(placed.body | {"currency": "USD"}, placed.key)
    assert_problem(other, 422, "idempotency_key_reused", "Idempotency-Key")


def test_it_can_be_read_at_once(placed: Placed, client: OrderClient) -> None:
    order_id, placed_at = placed.order["order_id"], placed.order["placed_at"]
    assert client.get(order_id).json()["lines"] == placed.body["lines"]
    assert client.get(order_id, at=placed_at).json() == placed.order


def test_it_is_listed(placed: Placed, client: OrderClient) -> None:
    def listed() -> list[str]:
        return [item["order_id"] for item in client.list().json()["items"]]

    eventually(lambda: placed.order["order_id"] in listed(), pause=0.5)


def test_its_history_begins_with_its_placing(placed: Placed, client: OrderClient) -> None:
    events = client.events(placed.order["order_id"]).json()["items"]
    assert (events[0]["sequence"], events[0]["type"]) == (1, "order_placed")
    assert {event["order_id"] for event in events} == {placed.order["order_id"]}


def test_a_canceled_order_can_still_be_read_as_it_was(orders: Orders, client: OrderClient) -> None:
    before = orders.place(orders.body()).json()
    order_id = before["order_id"]
    end = orders.end(order_id)
    assert client.get(order_id).json()["status"] == end
    assert orders.end(order_id) == end, "canceling once more changes nothing"

    assert client.get(order_id, at=before["placed_at"]).json() == before
    assert client.events(order_id).json()["items"][-1]["type"] == f"order_{end}"


@pytest.mark.parametrize(
    ("fault", "status", "slug", "names"),
    [
        ({"currency": "euro"}, 400, "invalid_body", "currency"),
        ({"currency": "XYZ"}, 422, "unprocessable_order", "/currency"),
        ({"lines": []}, 400, "invalid_body", "lines"),
        ({"lines": [{"sku": ARTICLE, "quantity": 0, "unit_amount": 100}]}, 400, "invalid_body", "quantity"),
        ({"lines": [{"sku": ARTICLE, "quantity": 1, "unit_amount": "1.00"}]}, 400, "invalid_body", "unit_amount"),
        ({"gift": True}, 400, "invalid_body", "gift"),
    ],
    ids=["currency", "unknown currency", "no lines", "quantity", "amount as text", "unknown field"],
)
def test_bad_input_is_refused_by_name(
    fault: dict[str, Any], status: int, slug: str, names: str, orders: Orders
) -> None:
    assert_problem(orders.place(orders.body(**fault)), status, slug, names)


def test_half_a_body_is_refused(orders: Orders) -> None:
    assert_problem(orders.place('{"currency": "EUR"'), 400, "invalid_body")


def test_an_order_that_is_not_there_is_not_found(client: OrderClient) -> None:
    assert_problem(client.get("ord_00000000000000000000000000"), 404, "not_found")


def test_a_wrong_key_opens_nothing(client: OrderClient, placed: Placed) -> None:
    stranger = OrderClient(client.base_url, f"no-{uuid4()}")
    assert_problem(stranger.list(), 403, "invalid_api_key")
    assert_problem(stranger.get(placed.order["order_id"]), 403, "invalid_api_key")


def test_without_a_key_nothing_opens(client: OrderClient) -> None:
    answer = requests.get(f"{client.base_url}/orders", timeout=30)
    assert answer.status_code == 403, answer.text
