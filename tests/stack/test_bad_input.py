"""What a caller gets for a bad request: a 4xx problem that names the field, never a 5xx, and nothing is stored."""

from typing import Any

import pytest

from scripts.client import OrderClient
from tests.stack.orders import assert_problem, line, order

pytestmark = pytest.mark.usefixtures("resting_orders")

JSON = {"Content-Type": "application/json", "Idempotency-Key": "bad-input"}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in order().items() if key != name}


WRONG_ORDERS: dict[str, tuple[Any, str]] = {
    "no lines": (without("lines"), "lines"),
    "no currency": (without("currency"), "currency"),
    "no payment method": (without("payment_method"), "payment_method"),
    "a card as payment method": (order(payment_method="4111111111111111"), "payment_method"),
    "empty lines": (order() | {"lines": []}, "lines"),
    "lines is text": (order() | {"lines": "MUG-BLUE"}, "lines"),
    "100 lines": (order(*(line(f"SKU-{number}") for number in range(100))), "lines"),
    "lower-case SKU": (order(line("mug blue")), "/lines/0/sku"),
    "SKU too short": (order(line(), line("A")), "/lines/1/sku"),
    "negative quantity": (order(line(quantity=-1)), "/lines/0/quantity"),
    "quantity of zero": (order(line(quantity=0)), "/lines/0/quantity"),
    "quantity is text": (order(line() | {"quantity": "2"}), "/lines/0/quantity"),
    "fractional amount": (order(line() | {"unit_amount": 12.5}), "/lines/0/unit_amount"),
    "amount too large": (order(line(unit_amount=10**12)), "/lines/0/unit_amount"),
    "amount is null": (order(line() | {"unit_amount": None}), "/lines/0/unit_amount"),
    "unknown field": (order(discount=5), "discount"),
    "unknown line field": (order(line() | {"colour": "red"}), "colour"),
    "currency is a number": (order(currency=978), "currency"),
    "long reference": (order(reference="r" * 65), "reference"),
    "a list": ([order()], "array"),
    "a number": (7, "integer"),
    "null": (None, "null"),
}


@pytest.mark.parametrize("case", WRONG_ORDERS)
def test_wrong_order(client: OrderClient, case: str) -> None:
    body, names = WRONG_ORDERS[case]
    assert_problem(client.place(body), 400, "invalid_body", names)


def test_unknown_currency(client: OrderClient) -> None:
    assert_problem(client.place(order(currency="XYZ")), 422, "unprocessable_order", "currency")


def test_same_sku_twice(client: OrderClient) -> None:
    assert_problem(client.place(order(line("MUG-BLUE"), line("MUG-BLUE"))), 422, "unprocessable_order", "lines/1/sku")


@pytest.mark.parametrize("body", [b"", b"{", b'{"lines": [}', b"\xff\xfe", b'"', b"[" * 5000, b'{"currency": NaN}'])
def test_malformed_json(client: OrderClient, body: bytes) -> None:
    response = client.request("POST", "/orders", data=body, headers=JSON)
    assert_problem(response, 400, "invalid_body")


def test_ten_megabytes(client: OrderClient) -> None:
    response = client.request("POST", "/orders", data=b'{"reference": "' + b"x" * 10_500_000 + b'"}', headers=JSON)
    assert_problem(response, 413, "payload_too_large")


def test_seven_megabytes_pass_the_gateway_but_not_lambda(client: OrderClient) -> None:
    response = client.request("POST", "/orders", data=b" " * 7_000_000 + b"{}", headers=JSON)
    assert 400 <= response.status_code < 500, response.text[:300]
    assert response.headers["Content-Type"] == "application/problem+json"


def test_idempotency_key_is_required(client: OrderClient) -> None:
    response = client.request("POST", "/orders", json=order())
    assert_problem(response, 400, "invalid_parameter", "Idempotency-Key")


@pytest.mark.parametrize("key", ["k" * 256, "tab\tinside"])
def test_idempotency_key_format(client: OrderClient, key: str) -> None:
    assert_problem(client.place(order(), key), 400, "invalid_parameter", "Idempotency-Key")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"status": "lost"}, "status"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"next": "not-a-token"}, "next"),
        ({"next": "e30"}, "next"),
    ],
)
def test_bad_list_query(client: OrderClient, query: dict[str, str], names: str) -> None:
    assert_problem(client.list(**query), 400, "invalid_parameter", names)


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01T00:00:00Z", "2026-11-23T10:00:00", "0"])
def test_bad_time(client: OrderClient, at: str) -> None:
    order_id = client.place(order()).json()["order_id"]
    assert_problem(client.get(order_id, at=at), 400, "invalid_parameter", "at")


@pytest.mark.parametrize("order_id", ["ord_01ARZ3NDEKTSV4RRFFQ69G5FAV", "7", "ord_%20", "ord_" + "z" * 300])
def test_unknown_order(client: OrderClient, order_id: str) -> None:
    response = client.get(order_id)
    assert response.status_code in (400, 404), response.text
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 201}, {"reason": 5}, {"cause": "x"}])
def test_bad_cancel(client: OrderClient, body: dict[str, Any]) -> None:
    order_id = client.place(order()).json()["order_id"]
    response = client.request("POST", f"/orders/{order_id}/cancel", json=body)
    assert_problem(response, 400, "invalid_body", "reason")
    assert client.get(order_id).json()["status"] == "placed"


@pytest.mark.parametrize("body", [{}, {"amount": 0, "reason": "x"}, {"amount": "1", "reason": "x"}, {"amount": 1}])
def test_bad_refund(client: OrderClient, body: dict[str, Any]) -> None:
    order_id = client.place(order()).json()["order_id"]
    response = client.request("POST", f"/orders/{order_id}/refunds", json=body, headers=JSON)
    assert_problem(response, 400, "invalid_body", "reason" if "reason" not in body else "amount")


@pytest.mark.parametrize("key", ["", "wrong-key-wrong-key-wrong-key"])
def test_wrong_api_key(client: OrderClient, key: str) -> None:
    stranger = OrderClient(client.base_url, key)
    assert_problem(stranger.place(order()), 403, "invalid_api_key")


def test_unknown_route(client: OrderClient) -> None:
    assert_problem(client.request("GET", "/nowhere"), 404, "unknown_route")


def test_plain_text_is_no_order(client: OrderClient) -> None:
    response = client.request(
        "POST", "/orders", data=b"two mugs please", headers={"Content-Type": "text/plain", "Idempotency-Key": "text"}
    )
    assert response.status_code in (400, 415), response.text
    assert response.headers["Content-Type"] == "application/problem+json"
