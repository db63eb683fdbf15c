"""POST /orders/{order_id}/refunds: asked once per key, never above the total."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.component.orders.support import ANSWERS, Call, Reply, Tell

type Refund = Callable[..., Reply]


@pytest.fixture
def refund(call: Call, completed: str) -> Refund:
    def send(amount: int = 300, key: str = "refund-1", reason: str = "broken") -> Reply:
        return call("POST", f"/orders/{completed}/refunds", {"amount": amount, "reason": reason}, key=key)

    return send


def requested(call: Call, order_id: str) -> list[dict[str, Any]]:
    events = call("GET", f"/orders/{order_id}/events").json["items"]
    return [event["data"] for event in events if event["type"] == "order_refund_requested"]


def test_a_refund_is_accepted_with_the_order(call: Call, completed: str, refund: Refund):
    reply = refund()

    assert reply.status == 202
    assert reply.json == call("GET", f"/orders/{completed}").json
    assert reply.json["status"] == "completed"
    assert reply.json["refunded_amount"] == 0
    [one] = reply.json["refunds"]
    assert one == {"refund_id": one["refund_id"], "amount": 300, "reason": "broken", "status": "requested"}
    here = f"https://example.com/v1/orders/{completed}/refunds"
    assert urljoin(here, reply.headers["Location"]) == f"https://example.com/v1/orders/{completed}"
    assert requested(call, completed) == [
        {"refund_id": one["refund_id"], "amount": 300, "currency": "EUR", "reason": "broken"}
    ]


def test_a_repeated_key_gets_the_very_same_answer_and_asks_nothing_more(call: Call, completed: str, refund: Refund):
    assert refund() == refund()
    assert len(requested(call, completed)) == 1


def test_the_same_answer_comes_when_nothing_is_left_to_refund(call: Call, tell: Tell, completed: str, refund: Refund):
    first = refund(900)
    assert refund(900) == first, "more than is left now"
    tell("record_refund", completed, refund_id=first.json["refunds"][0]["refund_id"])

    assert refund(900) == first, "the order is refunded now"
    assert len(requested(call, completed)) == 1


def test_a_key_with_another_body_is_refused(refund: Refund):
    refund(300)
    assert refund(301).problem == (422, "idempotency_key_reused")
    assert refund(901).problem == (422, "idempotency_key_reused"), "though it breaks a rule as well"


def test_a_key_of_another_orders_refund_is_refused(call: Call, tell: Tell, completed: str, refund: Refund, cloud: Any):
    from tests.component.orders.support import BODY, GOOD_WAY

    other = call("POST", "/orders", BODY, key="other").json["order_id"]
    for command, fields in GOOD_WAY.items():
        tell(command, other, **fields)
    refund()

    reply = call("POST", f"/orders/{other}/refunds", {"amount": 300, "reason": "broken"}, key="refund-1")

    assert reply.problem == (422, "idempotency_key_reused")
    assert requested(call, other) == []


def test_a_placement_and_a_refund_may_have_the_same_key(refund: Refund):
    assert refund(key="the-fixture").status == 202


def test_no_more_than_the_total_is_refunded(call: Call, completed: str, refund: Refund):
    assert refund(600, "a").status == 202
    reply = refund(301, "b")

    assert reply.problem == (422, "refund_too_large")
    assert reply.flawed == ["/amount"]
    assert "300" in reply.json["detail"]
    assert refund(300, "c").status == 202
    assert refund(1, "d").problem == (422, "refund_too_large")
    assert [one["amount"] for one in requested(call, completed)] == [600, 300]


def test_a_refused_request_leaves_its_key_free(refund: Refund):
    refund(901)
    assert refund(900).status == 202


def test_an_answer_past_its_time_does_not_count(refund: Refund, cloud: Any):
    refund(900)
    cloud.update_item(
        TableName=ANSWERS,
        Key={"idempotency_key": {"S": "partner-1#refund_order#refund-1"}},
        UpdateExpression="SET expires_at = :past",
        ExpressionAttributeValues={":past": {"N": "1"}},
    )

    assert refund(900).problem == (422, "refund_too_large")


@pytest.mark.parametrize("way", [(), ("confirm",), ("reject",)])
def test_only_a_completed_order_is_refunded(call: Call, tell: Tell, placed: str, way: tuple[str, ...]):
    status = "placed"
    for command in way:
        fields = {"reason": "out_of_stock", "detail": "no tea"} if command == "reject" else {}
        status = tell(command, placed, **fields)["status"]

    reply = call("POST", f"/orders/{placed}/refunds", {"amount": 1, "reason": "x"}, key="refund-1")

    assert reply.problem == (409, "order_not_refundable")
    assert status in reply.json["detail"]
