"""The shipments API: whose parcel it is, what the order says to it, and what is refused."""

from types import ModuleType
from typing import Any

import pytest

from shared.ids import new_id
from tests.component.fulfillment.support import PARCEL, PARTNER, Orders, Wait
from tests.component.gateway import Call, routes_at_the_gateway


def dispatched(order_id: str) -> tuple[str, str]:
    return "POST", f"/shipments/{order_id}/dispatched"


def test_the_handler_answers_the_gateways_routes(handlers: dict[str, ModuleType]):
    assert set(handlers["dispatch"].app.actions) == routes_at_the_gateway("fulfillment")


def test_an_order_that_does_not_wait_yet_can_be_dispatched(call: Call, orders: Orders):
    """The order is confirmed a moment before the workflow waits; the shop may be faster."""
    order_id = new_id("ord")
    orders.orders[order_id] = PARTNER, "confirmed"

    reply = call(*dispatched(order_id), PARCEL)

    assert reply.status == 200
    assert reply.json["status"] == "dispatched"
    assert {name: reply.json[name] for name in PARCEL} == PARCEL
    assert call("GET", f"/shipments/{order_id}").json == reply.json


@pytest.mark.parametrize("waits", [True, False])
def test_another_partner_s_order_is_as_if_it_were_not_there(call: Call, wait: Wait, orders: Orders, waits: bool):
    order_id = new_id("ord")
    orders.orders[order_id] = PARTNER, "confirmed"
    if waits:
        wait(order_id)

    for method, path in (dispatched(order_id), ("GET", f"/shipments/{order_id}")):
        body = PARCEL if method == "POST" else None
        assert call(method, path, body, partner="partner-2").problem == (404, "not_found")
    assert orders.orders[order_id] == (PARTNER, "confirmed")


@pytest.mark.parametrize("order_id", [f"ord_{'0' * 26}", "ord_1", "%7B%7D"])
def test_an_unknown_order(call: Call, order_id: str):
    assert call(*dispatched(order_id), PARCEL).problem == (404, "not_found")
    assert call("GET", f"/shipments/{order_id}").problem == (404, "not_found")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("placed", "not secured yet"),
        ("canceled", "keep the parcel"),
        ("rejected", "keep the parcel"),
        ("completed", "another parcel"),
    ],
)
def test_the_order_decides_whether_its_parcel_goes_out(call: Call, orders: Orders, status: str, words: str):
    order_id = new_id("ord")
    orders.orders[order_id] = PARTNER, status

    reply = call(*dispatched(order_id), PARCEL)

    assert reply.problem == (409, "order_not_dispatchable")
    assert words in reply.json["detail"]
    assert call("GET", f"/shipments/{order_id}").status == 404, "nothing was recorded"


@pytest.mark.parametrize(
    ("body", "flawed"),
    [
        ({"carrier": "DHL"}, ["/tracking_number"]),
        (PARCEL | {"carrier": ""}, ["/carrier"]),
        (PARCEL | {"tracking_number": "x" * 65}, ["/tracking_number"]),
        (PARCEL | {"weight": 1}, ["/weight"]),
    ],
)
def test_a_bad_body_names_the_field(call: Call, body: dict[str, Any], flawed: list[str]):
    reply = call(*dispatched(new_id("ord")), body)
    assert reply.problem == (400, "invalid_body")
    assert reply.flawed == flawed


@pytest.mark.parametrize("error", ["StoreBusyError", "ConcurrentAppendError"])
def test_orders_that_are_busy_are_asked_again_later(call: Call, orders: Orders, error: str):
    orders.error = error
    reply = call(*dispatched(new_id("ord")), PARCEL)
    assert reply.problem == (503, "temporarily_unavailable")
    assert reply.headers["Retry-After"] == "1"


def test_a_fault_of_orders_is_a_fault_here(call: Call, orders: Orders):
    orders.error = "KeyError"
    with pytest.raises(Exception, match="KeyError: no"):
        call(*dispatched(new_id("ord")), PARCEL)
