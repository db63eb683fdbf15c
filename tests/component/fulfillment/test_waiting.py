"""The wait for a parcel: whoever comes first, nobody waits for what has happened already."""

import json
from itertools import permutations
from types import ModuleType
from typing import Any

import pytest

from shared.ids import new_id
from tests.component.fulfillment.support import PARCEL, PARTNER, Executions, Orders, Wait, envelope
from tests.component.gateway import Call, Context

CLOSED = ("OrderClosedError", "The order is canceled.")


def test_the_shop_ends_every_wait_for_its_parcel(call: Call, wait: Wait, executions: Executions, orders: Orders):
    order_id = new_id("ord")
    orders.orders[order_id] = PARTNER, "confirmed"
    tokens = [wait(order_id), wait(order_id, reminders=1)]

    reply = call("POST", f"/shipments/{order_id}/dispatched", PARCEL, headers={"x-correlation-id": "parcel-1"})

    assert reply.status == 200
    assert [executions.answers[token]["tracking_number"] for token in tokens] == ["77", "77"]
    assert orders.requests[-1]["correlation_id"] == "parcel-1"
    again = call("POST", f"/shipments/{order_id}/dispatched", PARCEL)
    assert again.text == reply.text


@pytest.mark.parametrize("event_type", ["order_canceled", "order_rejected"])
def test_the_end_of_an_order_ends_its_wait(
    handlers: dict[str, ModuleType], wait: Wait, executions: Executions, event_type: str
):
    order_id = new_id("ord")
    token = wait(order_id)

    told = handlers["end_wait"].handler(envelope(event_type, order_id, reason="x"), Context())

    assert told == {"told": 1}
    assert executions.answers[token] == ("OrderClosedError", f"The order is {event_type.removeprefix('order_')}.")
    assert handlers["end_wait"].handler(envelope(event_type, order_id, reason="x"), Context()) == {"told": 0}


@pytest.mark.parametrize("sequence", list(permutations(["wait", "wait again", "event"])))
@pytest.mark.parametrize("event_type", ["order_dispatched", "order_canceled"])
def test_no_wait_misses_what_became_of_the_order(
    handlers: dict[str, ModuleType], wait: Wait, executions: Executions, sequence: tuple[str, ...], event_type: str
):
    order_id, tokens = new_id("ord"), []
    data: dict[str, Any] = PARCEL if event_type == "order_dispatched" else {"reason": "x"}
    for step in sequence:
        if step == "event":
            handlers["end_wait"].handler(envelope(event_type, order_id, **data), Context())
        else:
            tokens.append(wait(order_id))

    expected = PARCEL | {"dispatched_at": "2026-01-31T12:00:00.000Z"} if data is PARCEL else CLOSED
    assert [executions.answers[token] for token in tokens] == [expected, expected]
    assert executions.waiting == set()


def test_a_reminder_is_logged_and_counted_and_seen(call: Call, wait: Wait, capsys: pytest.CaptureFixture[str]):
    order_id = new_id("ord")
    wait(order_id)
    wait(order_id, reminders=2)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert [line["order_id"] for line in lines if line.get("message") == "not dispatched yet"] == [order_id]
    assert [line["DispatchReminders"] for line in lines if "DispatchReminders" in line] == [[1.0]]
    assert call("GET", f"/shipments/{order_id}").json == {
        "order_id": order_id,
        "status": "awaiting_dispatch",
        "reminders": 2,
    }


def test_a_call_that_fails_for_another_reason_is_not_taken_for_an_end(
    handlers: dict[str, ModuleType], wait: Wait, executions: Executions
):
    order_id = new_id("ord")
    wait(order_id)
    executions.refusal = "ThrottlingException"
    with pytest.raises(Exception, match="ThrottlingException"):
        handlers["end_wait"].handler(envelope("order_canceled", order_id, reason="x"), Context())
    executions.refusal = None
    assert handlers["end_wait"].handler(envelope("order_canceled", order_id, reason="x"), Context()) == {"told": 1}


def test_an_event_that_says_nothing_about_a_parcel_is_a_fault(handlers: dict[str, ModuleType]):
    with pytest.raises(ValueError, match="order_confirmed"):
        handlers["end_wait"].handler(envelope("order_confirmed", new_id("ord")), Context())


def test_a_request_that_breaks_the_contract_is_a_fault(handlers: dict[str, ModuleType]):
    with pytest.raises(ValueError, match="/task_token"):
        handlers["await_dispatch"].handler(
            {
                "command": "await_dispatch",
                "order_id": new_id("ord"),
                "correlation_id": "c",
                "partner_id": PARTNER,
                "reminders": 0,
            },
            Context(),
        )
