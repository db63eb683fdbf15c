"""What the workflow tells of an order: every outcome, told once or again, and the faults that it retries."""

from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError

from orders.adapters.event_store import ConcurrentAppendError, StoreBusyError
from shared import aws
from tests.component.orders.support import BODY, EVENTS, GOOD_WAY, PARCEL, REQUESTS, Call, Context, Tell

NOBODYS = "ord_01M84J3WXXK5X6TVQ8GQSWCYK7"
REFUND = "rfd_01M84J3WXXK5X6TVQ8GQSWCYK7"
REJECTION = {"reason": "payment_declined", "detail": "the card was declined"}
EVERY: dict[str, dict[str, Any]] = {
    **GOOD_WAY,
    "reject": REJECTION,
    "record_refund": {"refund_id": REFUND},
    "refuse_refund": {"refund_id": REFUND, "reason": "account_closed"},
    "describe": {},
}


def types(call: Call, order_id: str) -> list[str]:
    return [event["type"] for event in call("GET", f"/orders/{order_id}/events").json["items"]]


def refund(call: Call, order_id: str, amount: int, key: str = "refund") -> str:
    reply = call("POST", f"/orders/{order_id}/refunds", {"amount": amount, "reason": "broken"}, key=key)
    return str(reply.json["refunds"][-1]["refund_id"])


def test_an_order_goes_the_whole_way_and_each_step_may_be_told_twice(call: Call, tell: Tell, placed: str):
    told = [tell(command, placed, **fields) for command, fields in GOOD_WAY.items() for _ in range(2)]

    assert [outcome["outcome"] for outcome in told[::2]] == ["confirmed", "dispatched", "completed"]
    assert told[::2] == told[1::2]
    assert [outcome["sequence"] for outcome in told[::2]] == [2, 3, 4]
    order = call("GET", f"/orders/{placed}").json
    assert order["status"] == "completed"
    assert order["dispatch"] == PARCEL
    assert [step["status"] for step in order["timeline"]] == ["placed", "confirmed", "dispatched", "completed"]
    assert types(call, placed) == ["order_placed", "order_confirmed", "order_dispatched", "order_completed"]


def test_a_step_that_is_told_late_still_has_its_outcome(tell: Tell, completed: str):
    for (command, fields), outcome in zip(GOOD_WAY.items(), ["confirmed", "dispatched", "completed"], strict=True):
        assert tell(command, completed, **fields) == {"outcome": outcome, "status": "completed", "sequence": 4}


def test_a_rejected_order_tells_why(call: Call, tell: Tell, placed: str):
    rejected = tell("reject", placed, **REJECTION)

    assert rejected == {"outcome": "rejected", "status": "rejected", "sequence": 2}
    assert tell("reject", placed, reason="out_of_stock", detail="later") == rejected
    order = call("GET", f"/orders/{placed}").json
    assert order["status"] == "rejected"
    assert order["rejection"] == REJECTION
    assert tell("confirm", placed) == {"outcome": "closed", "status": "rejected"}


@pytest.mark.parametrize("command", ["confirm", "dispatch", "complete", "reject"])
def test_a_canceled_order_is_closed(call: Call, tell: Tell, placed: str, command: str):
    call("POST", f"/orders/{placed}/cancel", {"reason": "x"})

    assert tell(command, placed, **EVERY[command]) == {"outcome": "closed", "status": "canceled"}
    assert types(call, placed) == ["order_placed", "order_canceled"]


def test_another_parcel_is_closed(tell: Tell, completed: str):
    other = PARCEL | {"tracking_number": "2"}
    assert tell("dispatch", completed, **other) == {"outcome": "closed", "status": "completed"}


def test_refunds_up_to_the_total(call: Call, tell: Tell, completed: str):
    first = refund(call, completed, 300)
    assert tell("record_refund", completed, refund_id=first)["outcome"] == "refunded"
    assert call("GET", f"/orders/{completed}").json["status"] == "completed"

    refused = refund(call, completed, 600, "refused")
    told = tell("refuse_refund", completed, refund_id=refused, reason="account_closed")
    assert told == tell("refuse_refund", completed, refund_id=refused, reason="another")
    assert told["outcome"] == "refund_refused"
    assert tell("record_refund", completed, refund_id=refused) == {"outcome": "closed", "status": "completed"}

    last = refund(call, completed, 600, "last")
    told = tell("record_refund", completed, refund_id=last)
    assert told == tell("record_refund", completed, refund_id=last)
    assert told["status"] == "refunded"
    order = call("GET", f"/orders/{completed}").json
    assert (order["status"], order["refunded_amount"]) == ("refunded", 900)
    assert [(one["amount"], one["status"]) for one in order["refunds"]] == [
        (300, "refunded"),
        (600, "refused"),
        (600, "refunded"),
    ]
    assert order["refunds"][1]["refusal"] == "account_closed"


@pytest.mark.parametrize("command", EVERY)
def test_an_order_that_is_not_there_is_not_found(tell: Tell, command: str):
    assert tell(command, NOBODYS, **EVERY[command]) == {"outcome": "not_found"}


@pytest.mark.parametrize("command", ["record_refund", "refuse_refund"])
def test_a_refund_that_nobody_requested_is_not_found(tell: Tell, completed: str, command: str):
    assert tell(command, completed, **EVERY[command]) == {"outcome": "not_found"}


def test_an_order_is_described(call: Call, tell: Tell, completed: str):
    refund(call, completed, 1)
    described = tell("describe", completed)

    assert described == {"outcome": "found", "partner_id": "partner-1", **call("GET", f"/orders/{completed}").json}


def test_the_correlation_id_goes_into_the_events(call: Call, completed: str):
    events = call("GET", f"/orders/{completed}/events").json["items"]
    assert [event["correlation_id"] for event in events[1:]] == ["request-7"] * 3


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"command": "ship"}, "/command"),
        ({"command": None}, "/command"),
        ({"command": ["confirm"]}, "/command"),
        ({"order_id": "7"}, "/order_id"),
        ({"correlation_id": ""}, "/correlation_id"),
        ({"command": "dispatch"}, "/carrier"),
        ({"command": "reject", "detail": "x", "reason": "bad_mood"}, "/reason"),
        ({"lines": []}, "/lines"),
    ],
)
def test_a_request_that_breaks_the_contract_is_a_fault_that_names_the_field(
    handlers: dict[str, ModuleType], change: dict[str, Any], named: str
):
    request = {"command": "confirm", "order_id": NOBODYS, "correlation_id": "c"} | change
    with pytest.raises(ValueError, match=named):
        handlers["commands"].handler(request, Context())


def test_the_contract_and_the_function_have_the_same_commands(handlers: dict[str, ModuleType]):
    assert list(EVERY) == [schema["title"] for schema in REQUESTS["oneOf"]]
    assert list(EVERY) == list(handlers["commands"].commands.actions)


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException"])
def test_a_throttled_read_is_a_fault_that_the_workflow_may_retry(
    tell: Tell, placed: str, monkeypatch: pytest.MonkeyPatch, code: str
):
    def throttled(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "slow down"}}, "Query")

    monkeypatch.setattr(aws.client("dynamodb"), "query", throttled)

    with pytest.raises(StoreBusyError):
        tell("confirm", placed)


def test_races_that_are_lost_again_and_again_are_a_fault(tell: Tell, placed: str, monkeypatch: pytest.MonkeyPatch):
    def taken(**_: Any) -> None:
        response: Any = {"Error": {"Code": "TransactionCanceledException", "Message": "no"}}
        response["CancellationReasons"] = [{"Code": "ConditionalCheckFailed"}]
        raise ClientError(response, "TransactWriteItems")

    monkeypatch.setattr(aws.client("dynamodb"), "transact_write_items", taken)

    with pytest.raises(ConcurrentAppendError):
        tell("confirm", placed)


def test_an_order_of_version_1_goes_the_whole_way(call: Call, tell: Tell, cloud: Any, placed: str):
    key = {"order_id": {"S": placed}, "sequence": {"N": "1"}}
    cloud.update_item(
        TableName=EVENTS,
        Key=key,
        UpdateExpression="SET #version = :one REMOVE #data.payment_method",
        ExpressionAttributeNames={"#version": "version", "#data": "data"},
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    stored = cloud.get_item(TableName=EVENTS, Key=key)["Item"]

    for command, fields in GOOD_WAY.items():
        tell(command, placed, **fields)

    order = call("GET", f"/orders/{placed}").json
    assert order["status"] == "completed"
    assert "payment_method" not in order
    assert cloud.get_item(TableName=EVENTS, Key=key)["Item"] == stored
    assert call("GET", f"/orders/{placed}/events").json["items"][0]["version"] == 1


@pytest.mark.parametrize("way", [("confirm", "dispatch"), ("confirm", "dispatch", "complete"), ("reject",)])
def test_an_order_past_its_dispatch_cannot_be_canceled(call: Call, tell: Tell, placed: str, way: tuple[str, ...]):
    statuses = [tell(command, placed, **EVERY[command])["status"] for command in way]

    reply = call("POST", f"/orders/{placed}/cancel", {"reason": "too late"})

    assert reply.problem == (409, "order_not_cancelable")
    assert statuses[-1] in reply.json["detail"]


def test_a_confirmed_order_can_be_canceled(call: Call, tell: Tell, placed: str):
    tell("confirm", placed)

    reply = call("POST", f"/orders/{placed}/cancel", {"reason": "too late"})

    assert (reply.status, reply.json["status"]) == (200, "canceled")
    assert reply.json["cancellation"] == {"reason": "too late"}
    assert BODY["lines"] == reply.json["lines"]
