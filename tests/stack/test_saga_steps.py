"""The workflow under stress: steps that run twice, answers that get lost, time that runs out, a provider that is down.

No event starts a workflow here: each test starts its orders with a version of the deployed definition, changed.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from scripts.client import OrderClient
from tests.stack.conftest import Stack
from tests.stack.saga import (
    NOTHING,
    PRICE,
    Saga,
    answers_get_lost,
    every_step_twice,
    impatient,
    paid,
    reminding,
    variant,
)
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("resting_orders")

IN_STOCK = 5
CHANGES: dict[str, Callable[[dict[str, Any]], None]] = {
    "twice": every_step_twice,
    "impatient": impatient,
    "reminding": reminding,
    "lossy": answers_get_lost,
}


@pytest.fixture(scope="module")
def saga(stack: Stack, client: OrderClient) -> Saga:
    assert stack.functions  # made before threads ask for it
    return Saga(stack, client)


@pytest.fixture(scope="module")
def versions(saga: Saga) -> Iterator[dict[str, str]]:
    """Numbers of the changed versions, by name."""
    with ExitStack() as made:
        yield {name: made.enter_context(variant(saga, "fulfillment.order", change)) for name, change in CHANGES.items()}


def look(saga: Saga, order_id: str, sku: str) -> tuple[str, tuple[int, int, int], Any]:
    """(status, (on hand, reserved, available), money) of an order whose executions have ended."""
    status = str(saga.client.get(order_id).json()["status"])
    return status, saga.shop.levels(sku), saga.money(order_id)


def test_every_step_may_run_twice(saga: Saga, versions: dict[str, str]) -> None:
    def paid_for() -> None:
        sku = saga.article(IN_STOCK)
        order_id = saga.place(sku)
        twins = [saga.start(order_id, version=versions["twice"]) for _ in range(2)]
        saga.reach(order_id, "confirmed")
        assert saga.dispatch(order_id).status_code == 200
        assert [saga.ended(twin)["status"] for twin in twins] == ["SUCCEEDED"] * 2
        assert look(saga, order_id, sku) == ("completed", (4, 0, 4), paid())
        calls = {one["operation"]: one["calls"] for one in saga.books(order_id)["requests"]}
        assert set(calls) == {"authorize", "capture"}

    def undone(method: str, quantity: int, cancel: bool) -> None:
        sku = saga.article(IN_STOCK)
        order_id = saga.place(sku, quantity, method)
        twins = [saga.start(order_id, version=versions["twice"]) for _ in range(2)]
        if cancel:
            saga.reach(order_id, "confirmed")
            saga.client.cancel(order_id, "twice as well")
        assert [saga.ended(twin)["status"] for twin in twins] == ["SUCCEEDED"] * 2
        assert look(saga, order_id, sku) == ("canceled" if cancel else "rejected", (5, 0, 5), NOTHING)

    with ThreadPoolExecutor(4) as pool:
        runs = [
            pool.submit(paid_for),
            pool.submit(undone, "pm_declined", 1, cancel=False),
            pool.submit(undone, "pm_approved", IN_STOCK + 1, cancel=False),
            pool.submit(undone, "pm_approved", 1, cancel=True),
        ]
    assert [run.result() for run in runs] == [None] * 4


def test_every_step_of_a_refund_may_run_twice(saga: Saga) -> None:
    sku = saga.article(IN_STOCK)
    order_id = saga.place(sku)
    saga.start(order_id)
    saga.reach(order_id, "confirmed")
    saga.dispatch(order_id)
    saga.reach(order_id, "completed")
    saga.client.refund(order_id, PRICE, "all of it")
    with variant(saga, "fulfillment.refund", every_step_twice) as version:
        runs = [saga.start(order_id, "fulfillment.refund", version, "order_refund_requested") for _ in range(2)]
        assert [saga.ended(run)["status"] for run in runs] == ["SUCCEEDED"] * 2
    assert look(saga, order_id, sku) == ("refunded", (4, 0, 4), paid(refunded=PRICE))


def test_a_step_whose_answer_gets_lost_is_done_once(saga: Saga, versions: dict[str, str]) -> None:
    """The provider takes a second to authorize, so that the step is tried again while and after it did its work."""
    sku = saga.article(IN_STOCK)
    order_id = saga.place(sku, method="pm_slow")
    execution = saga.start(order_id, version=versions["lossy"])
    saga.reach(order_id, "confirmed")
    saga.dispatch(order_id)
    assert saga.ended(execution)["status"] == "SUCCEEDED"
    lost = [failure["error"] for failure in saga.failures(execution)]
    assert "States.Timeout" in lost, "no answer got lost: the test shows nothing"
    assert look(saga, order_id, sku) == ("completed", (4, 0, 4), paid())


def test_an_order_that_is_not_dispatched_in_time_is_undone(saga: Saga, versions: dict[str, str]) -> None:
    sku = saga.article(IN_STOCK)
    order_id = saga.place(sku)
    execution = saga.start(order_id, version=versions["reminding"])
    saga.reach(order_id, "confirmed")
    eventually(lambda: saga.reminders(order_id) >= 1)
    ended = saga.ended(execution)
    assert json.loads(ended["output"])["rejection"]["reason"] == "not_dispatched"
    assert look(saga, order_id, sku) == ("rejected", (5, 0, 5), NOTHING)
    assert saga.dispatch(order_id).status_code == 409


def test_a_parcel_at_the_last_moment_goes_out_paid_or_not_at_all(saga: Saga, versions: dict[str, str]) -> None:
    """The shop keeps sending parcels while time runs out for their orders: the order decides each time."""

    def race(_: int) -> tuple[str, tuple[int, int, int], Any]:
        sku = saga.article(IN_STOCK)
        order_id = saga.place(sku)
        execution = saga.start(order_id, version=versions["impatient"])
        saga.reach(order_id, "confirmed", "rejected")
        eventually(lambda: saga.reminders(order_id) >= 3)
        saga.dispatch(order_id)
        saga.ended(execution)
        saga.start(order_id)  # should a step have been too slow for the impatient version, this repairs it
        saga.reach(order_id, "completed", "rejected")
        eventually(lambda: all(one["status"] != "RUNNING" for one in saga.executions(order_id)))
        return look(saga, order_id, sku)

    with ThreadPoolExecutor(6) as pool:
        seen = list(pool.map(race, range(6)))
    assert all(one in (("completed", (4, 0, 4), paid()), ("rejected", (5, 0, 5), NOTHING)) for one in seen), seen


def test_what_an_outage_left_half_done_is_finished_by_starting_again(saga: Saga, versions: dict[str, str]) -> None:
    """Without the hours of retries of the deployed definition an outage leaves work for a person: it is one call."""
    waiting_sku, new_sku = saga.article(IN_STOCK), saga.article(IN_STOCK)
    waiting = saga.place(waiting_sku)
    patient = saga.start(waiting, version=versions["impatient"])
    saga.reach(waiting, "confirmed")
    saga.outage(503)
    try:
        saga.dispatch(waiting)
        uncaptured = saga.ended(patient)
        new = saga.place(new_sku)
        unauthorized = saga.ended(saga.start(new, version=versions["impatient"]))
    finally:
        saga.outage(0)
    assert (uncaptured["status"], uncaptured["error"]) == ("FAILED", "NeedsRepair")
    assert waiting in uncaptured["cause"]
    assert "not known" in uncaptured["cause"]
    assert (unauthorized["status"], unauthorized["error"]) == ("FAILED", "NeedsRepair")
    assert "could not be voided" in unauthorized["cause"]
    for order_id in (waiting, new):
        assert saga.ended(saga.start(order_id))["status"] == "SUCCEEDED"
    assert look(saga, waiting, waiting_sku) == ("completed", (4, 0, 4), paid())
    assert look(saga, new, new_sku) == ("rejected", (5, 0, 5), NOTHING)


def test_an_outage_is_waited_for(saga: Saga) -> None:
    """The deployed definition tries again, so that an order does not notice a provider that is down for a moment."""
    sku = saga.article(IN_STOCK)
    saga.outage(503)
    try:
        order_id = saga.place(sku)
        execution = saga.start(order_id)
        eventually(lambda: saga.failures(execution))
    finally:
        saga.outage(0)
    saga.reach(order_id, "confirmed")
    saga.client.cancel(order_id, "seen enough")
    assert saga.ended(execution)["status"] == "SUCCEEDED"
    assert look(saga, order_id, sku) == ("canceled", (5, 0, 5), NOTHING)


@pytest.mark.parametrize(
    "function", ["inventory_stock", "payments_charge", "orders_commands", "fulfillment_await_dispatch"]
)
def test_the_workflow_may_invoke_what_it_needs_and_no_right_can_be_taken_away(
    saga: Saga, versions: dict[str, str], function: str
) -> None:
    workflow = saga.stack.outputs["workflows"]["fulfillment.order"]
    iam, role = saga.stack.environment.client("iam"), workflow["name"]
    document = iam.get_role_policy(RoleName=role, PolicyName="workflow")["PolicyDocument"]
    [invoke] = [one for one in document["Statement"] if one["Action"] == ["lambda:InvokeFunction"]]
    assert invoke["Resource"] == sorted(workflow["invokes"].values())

    def put(resources: list[str]) -> None:
        changed = [one if one is not invoke else {**one, "Resource": resources} for one in document["Statement"]]
        text = json.dumps({**document, "Statement": changed})
        iam.put_role_policy(RoleName=role, PolicyName="workflow", PolicyDocument=text)

    order_id = saga.place(saga.article(IN_STOCK))
    try:
        put([arn for arn in invoke["Resource"] if arn != workflow["invokes"][function]])
        refused = saga.ended(saga.start(order_id, version=versions["impatient"]))
    finally:
        put(invoke["Resource"])
    failures = saga.failures(refused["executionArn"])
    assert failures[0]["error"] == "Lambda.AWSLambdaException"
    assert workflow["invokes"][function] in failures[0]["cause"]
    saga.client.cancel(order_id, "only its rights were of interest")
    assert saga.ended(saga.start(order_id))["status"] == "SUCCEEDED"
