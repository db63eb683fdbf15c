"""A completed order over HTTP: what it shows, that it cannot be canceled, and that money is asked back once per key."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from scripts.client import OrderClient
from tests.stack.conftest import Stack
from tests.stack.orders import assert_problem, completed_order, line, order
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("resting_orders")

TOTAL = 1000


@pytest.fixture
def completed(stack: Stack, client: OrderClient, aws: Any) -> str:
    placed = client.place(order(line(unit_amount=TOTAL))).json()
    client.cancel(placed["order_id"], "only its first event is wanted")
    return completed_order(stack, aws, like=placed["order_id"])


def test_a_completed_order_is_shown_and_listed_and_stays(client: OrderClient, completed: str) -> None:
    shown = client.get(completed).json()
    assert [step["status"] for step in shown["timeline"]] == ["placed", "confirmed", "dispatched", "completed"]
    assert shown["dispatch"]["carrier"] == "DHL"
    assert_problem(client.cancel(completed, "too late"), 409, "order_not_cancelable", "completed")
    eventually(lambda: completed in [item["order_id"] for item in client.list(status="completed").json()["items"]])


def test_refunds_never_exceed_the_total_whoever_asks_at_once(client: OrderClient, completed: str) -> None:
    keys = [str(uuid4()) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda key: (key, client.refund(completed, 400, "broken", key)), keys * 2))

    accepted = {key: answer for key, answer in answers if answer.status_code == 202}
    assert len(accepted) == TOTAL // 400
    for key, answer in answers:
        if key in accepted:
            assert answer.content == accepted[key].content, "one answer per key, byte for byte"
        else:
            assert_problem(answer, 422, "refund_too_large", "/amount")
    requested = [
        event for event in client.events(completed).json()["items"] if event["type"] == "order_refund_requested"
    ]
    assert [event["data"]["amount"] for event in requested] == [400, 400]


def test_an_order_that_is_not_completed_is_not_refunded(client: OrderClient) -> None:
    order_id = client.place(order()).json()["order_id"]
    client.cancel(order_id, "changed my mind")
    assert_problem(client.refund(order_id, 1, "broken"), 409, "order_not_refundable", "canceled")
