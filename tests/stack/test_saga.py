"""Orders from placed to their end: each in the right terminal status, stock and money conserved, nothing left over.

The scenarios of this file run at once, each with an article of its own; a test waits for its scenario and looks.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from scripts.client import OrderClient
from tests.stack.conftest import Stack
from tests.stack.orders import assert_problem
from tests.stack.payments import Till
from tests.stack.saga import NOTHING, PARCEL, PRICE, TERMINAL, Money, Saga, paid, some
from tests.waiting import eventually

IN_STOCK, QUANTITY = 5, 2
PAID_METHODS = [
    "pm_429",
    "pm_500_then_fine",
    "pm_approved",
    "pm_duplicate_webhooks",
    "pm_slow",
    "pm_timeout_after_capture",
    "pm_timeout_after_charge",
    "pm_webhooks_out_of_order",
]
DECLINED_METHODS = {"pm_declined": "card_declined", "pm_insufficient_funds": "insufficient_funds"}


@pytest.fixture(scope="module")
def saga(stack: Stack, client: OrderClient) -> Saga:
    assert stack.functions  # made before threads ask for it
    return Saga(stack, client)


def levels(saga: Saga, sku: str) -> tuple[int, int, int]:
    """(on hand, reserved, available) once nothing is reserved: compensation follows the order within moments."""
    return some(eventually(lambda: found if (found := saga.shop.levels(sku))[1] == 0 else None))


def assert_one_end(order: dict[str, Any]) -> None:
    assert sum(step["status"] in TERMINAL - {"refunded"} for step in order["timeline"]) == 1


class Scenario:
    """An order for QUANTITY of an article of IN_STOCK units, and what is seen of it in the end."""

    def __init__(self, saga: Saga, method: str = "pm_approved", quantity: int = QUANTITY) -> None:
        self.saga = saga
        self.sku = saga.article(IN_STOCK)
        self.quantity = quantity
        self.order_id = saga.place(self.sku, quantity, method)

    def reach(self, *statuses: str) -> "Scenario":
        self.saga.reach(self.order_id, *statuses)
        return self

    def dispatch(self) -> "Scenario":
        answer = self.saga.dispatch(self.order_id)
        assert answer.status_code == 200, answer.text
        return self

    def ends(self, status: str, money: Money = NOTHING, *, shipped: int = 0) -> dict[str, Any]:
        """The order, after checking its status, its stock and its money."""
        self.reach(status)
        assert levels(self.saga, self.sku) == (IN_STOCK - shipped, 0, IN_STOCK - shipped)
        assert self.saga.settled(self.order_id) == money
        order: dict[str, Any] = self.saga.client.get(self.order_id).json()
        assert order["status"] == status
        assert_one_end(order)
        return order


def paid_by(saga: Saga, method: str) -> None:
    scenario = Scenario(saga, method).reach("confirmed").dispatch()
    order = scenario.ends("completed", paid(QUANTITY), shipped=QUANTITY)
    assert [step["status"] for step in order["timeline"]] == ["placed", "confirmed", "dispatched", "completed"]
    assert order["dispatch"] == PARCEL
    operations = [one["operation"] for one in saga.books(scenario.order_id)["requests"]]
    assert operations == ["authorize", "capture"], "each operation has one idempotency key, however often it was sent"


def declined_by(saga: Saga, method: str) -> None:
    order = Scenario(saga, method).ends("rejected")
    reason = DECLINED_METHODS[method]
    assert order["rejection"] == {"reason": "payment_declined", "detail": f"The payment was declined: {reason}."}


def out_of_stock(saga: Saga) -> None:
    scenario = Scenario(saga, quantity=IN_STOCK + 1)
    order = scenario.ends("rejected")
    assert order["rejection"]["reason"] == "out_of_stock"
    assert f"{scenario.sku} (5 of 6)" in order["rejection"]["detail"]
    assert saga.books(scenario.order_id)["payments"] == [], "the provider was never asked for money"


def not_captured(saga: Saga) -> None:
    """The parcel is gone, so its stock is too; a person asks for money or for the parcel (docs/workflows/order.md)."""
    scenario = Scenario(saga, "pm_capture_declined").reach("confirmed").dispatch()
    order = scenario.ends("rejected", shipped=QUANTITY)
    assert order["rejection"]["reason"] == "payment_not_captured"


def canceled_at_once(saga: Saga) -> None:
    scenario = Scenario(saga)
    assert saga.client.cancel(scenario.order_id, "at once").status_code == 200
    scenario.ends("canceled")


def canceled_while_authorizing(saga: Saga) -> None:
    scenario = Scenario(saga, "pm_slow")
    eventually(lambda: saga.shop.levels(scenario.sku)[1] == QUANTITY)
    assert saga.client.cancel(scenario.order_id, "while the card is asked").status_code == 200
    scenario.ends("canceled")


def canceled_while_waiting(saga: Saga) -> None:
    scenario = Scenario(saga).reach("confirmed")
    eventually(lambda: saga.client.request("GET", f"/shipments/{scenario.order_id}").status_code == 200)
    assert saga.client.cancel(scenario.order_id, "before the parcel").status_code == 200
    scenario.ends("canceled")
    assert_problem(saga.dispatch(scenario.order_id), 409, "order_not_dispatchable", "keep the parcel")
    shipment = saga.client.request("GET", f"/shipments/{scenario.order_id}").json()
    assert (shipment["status"], shipment["order_status"]) == ("closed", "canceled")


def canceled_while_dispatching(saga: Saga) -> None:
    """The order decides: either the parcel goes out and is paid for, or it stays and costs nothing."""
    scenario = Scenario(saga).reach("confirmed")
    with ThreadPoolExecutor(2) as pool:
        parcel = pool.submit(saga.dispatch, scenario.order_id)
        cancel = pool.submit(saga.client.cancel, scenario.order_id, "or not")
    assert sorted([parcel.result().status_code, cancel.result().status_code]) == [200, 409]
    if parcel.result().status_code == 200:
        scenario.ends("completed", paid(QUANTITY), shipped=QUANTITY)
    else:
        scenario.ends("canceled")


def dispatched_as_it_may(saga: Saga) -> None:
    scenario = Scenario(saga).reach("confirmed")
    stranger = saga.stack.client("acme")
    path = f"/shipments/{scenario.order_id}"
    assert_problem(stranger.request("POST", f"{path}/dispatched", json=PARCEL), 404, "not_found")
    assert_problem(stranger.request("GET", path), 404, "not_found")
    assert_problem(saga.client.request("POST", f"{path}/dispatched", json={}), 400, "invalid_body", "carrier")
    scenario.dispatch()
    scenario.dispatch()  # a request that is repeated
    assert_problem(
        saga.dispatch(scenario.order_id, tracking_number="2"), 409, "order_not_dispatchable", "another parcel"
    )
    scenario.ends("completed", paid(QUANTITY), shipped=QUANTITY)
    shipment = saga.client.request("GET", path).json()
    assert {name: shipment[name] for name in PARCEL} == PARCEL
    assert_problem(saga.client.cancel(scenario.order_id, "too late"), 409, "order_not_cancelable", "completed")


def started_twice(saga: Saga) -> None:
    scenario = Scenario(saga)
    twins = [saga.start(scenario.order_id) for _ in range(2)]
    scenario.reach("confirmed").dispatch()
    scenario.ends("completed", paid(QUANTITY), shipped=QUANTITY)
    assert [saga.ended(twin)["status"] for twin in twins] == ["SUCCEEDED"] * 2
    late = saga.start(scenario.order_id)
    assert saga.ended(late)["status"] == "SUCCEEDED", "an event that is replayed finds the order done"
    scenario.ends("completed", paid(QUANTITY), shipped=QUANTITY)


def started_twice_and_undone(saga: Saga) -> None:
    scenario = Scenario(saga, "pm_declined")
    twin = saga.start(scenario.order_id)
    order = scenario.ends("rejected")
    assert saga.ended(twin)["status"] == "SUCCEEDED"
    assert order["rejection"]["reason"] == "payment_declined"


def started_twice_and_canceled(saga: Saga) -> None:
    scenario = Scenario(saga)
    twin = saga.start(scenario.order_id)
    scenario.reach("confirmed")
    saga.client.cancel(scenario.order_id, "both of them")
    scenario.ends("canceled")
    assert saga.ended(twin)["status"] == "SUCCEEDED"


def refunded_in_parts(saga: Saga) -> None:
    total, part = QUANTITY * PRICE, 300
    scenario = Scenario(saga).reach("confirmed").dispatch().reach("completed")
    assert saga.client.refund(scenario.order_id, part, "scratched").status_code == 202
    eventually(lambda: saga.client.get(scenario.order_id).json()["refunded_amount"] == part)
    assert saga.money(scenario.order_id) == paid(QUANTITY, refunded=part)
    assert saga.client.refund(scenario.order_id, total - part, "sent back").status_code == 202
    scenario.ends("refunded", paid(QUANTITY, refunded=total), shipped=QUANTITY)


def refunded_after_a_lost_answer(saga: Saga) -> None:
    scenario = Scenario(saga, "pm_timeout_after_refund").reach("confirmed").dispatch().reach("completed")
    saga.client.refund(scenario.order_id, PRICE, "scratched")
    twin = eventually(lambda: saga.start(scenario.order_id, "fulfillment.refund", kind="order_refund_requested"))
    eventually(lambda: saga.client.get(scenario.order_id).json()["refunded_amount"] == PRICE)
    assert saga.ended(twin)["status"] == "SUCCEEDED"
    scenario.ends("completed", paid(QUANTITY, refunded=PRICE), shipped=QUANTITY)


def refused_refund(saga: Saga) -> None:
    scenario = Scenario(saga, "pm_refund_declined").reach("confirmed").dispatch().reach("completed")
    saga.client.refund(scenario.order_id, PRICE, "scratched")
    eventually(lambda: "order_refund_refused" in saga.client.events(scenario.order_id).text)
    scenario.ends("completed", paid(QUANTITY), shipped=QUANTITY)


SCENARIOS: dict[str, Callable[[Saga], None]] = {
    **{f"paid by {method}": lambda saga, method=method: paid_by(saga, method) for method in PAID_METHODS},  # type: ignore[misc]
    **{f"{method}": lambda saga, method=method: declined_by(saga, method) for method in DECLINED_METHODS},  # type: ignore[misc]
    **{
        scenario.__name__.replace("_", " "): scenario
        for scenario in (
            out_of_stock,
            not_captured,
            canceled_at_once,
            canceled_while_authorizing,
            canceled_while_waiting,
            canceled_while_dispatching,
            dispatched_as_it_may,
            started_twice,
            started_twice_and_undone,
            started_twice_and_canceled,
            refunded_in_parts,
            refunded_after_a_lost_answer,
            refused_refund,
        )
    },
}


@pytest.fixture(scope="module")
def running(saga: Saga) -> Iterator[dict[str, Future[None]]]:
    """All scenarios, started at once."""
    with ThreadPoolExecutor(len(SCENARIOS)) as pool:
        yield {name: pool.submit(scenario, saga) for name, scenario in SCENARIOS.items()}


@pytest.mark.parametrize("name", SCENARIOS)
def test_an_order_ends_as_it_should(name: str, running: dict[str, Future[None]]) -> None:
    running[name].result()


def test_a_key_that_changes_under_load_fails_no_order(saga: Saga, stack: Stack) -> None:
    """Orders go through while the provider's API key is rotated twice."""
    sku, till, stop, orders = saga.article(1000), Till(stack), threading.Event(), list[str]()

    def shop() -> None:
        while not stop.is_set():
            orders.append(saga.completed(sku))

    with ThreadPoolExecutor(4) as pool:
        shoppers = [pool.submit(shop) for _ in range(4)]
        try:
            for _ in range(2):
                assert till.rotate()
                seen = len(orders)
                eventually(lambda seen=seen: len(orders) >= seen + 4)  # type: ignore[misc]
        finally:
            stop.set()
    assert [shopper.result() for shopper in shoppers] == [None] * 4
    assert saga.shop.levels(sku) == (1000 - len(orders), 0, 1000 - len(orders))
    assert {saga.money(order_id) for order_id in orders} == {paid()}
