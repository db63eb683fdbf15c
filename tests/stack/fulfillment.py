"""The shipments of the deployed stack: all that the functions of fulfillment can do."""

from collections.abc import Callable
from typing import Any

from scripts.local.workflows import tokens
from shared.clock import now, to_text
from shared.ids import new_id
from tests.stack.conftest import Stack
from tests.stack.orders import order
from tests.stack.saga import PARCEL


def deeds(stack: Stack) -> dict[str, Callable[[], bool]]:
    """Each function asked to do all it can do; tells whether it could."""
    return {
        "fulfillment.await_dispatch": lambda: _await_dispatch_works(stack),
        "fulfillment.dispatch": lambda: _dispatch_works(stack),
        "fulfillment.end_wait": lambda: _end_wait_works(stack),
    }


def _await_dispatch_works(stack: Stack) -> bool:
    """Waits for a parcel that went out, and for one that never will: both are answered at once."""
    return all(
        _wait(stack, order_id)
        for order_id in (_shipment(stack, parcel=_parcel()), _shipment(stack, order_status={"S": "canceled"}))
    )


def _end_wait_works(stack: Stack) -> bool:
    events = [("order_dispatched", PARCEL), ("order_canceled", {"reason": "x"})]
    return all(
        stack.invoke("fulfillment.end_wait", _envelope(kind, _shipment(stack), data))[0] is None
        for kind, data in events
    )


def _dispatch_works(stack: Stack) -> bool:
    client = stack.client()
    order_id = client.place(order()).json()["order_id"]
    request = {"command": "confirm", "order_id": order_id, "correlation_id": "stack-test"}
    assert stack.invoke("orders.commands", request)[0] is None
    _shipment(stack, order_id, partner_id={"S": _partner(stack, order_id)})
    path = f"/shipments/{order_id}"
    return client.request("POST", f"{path}/dispatched", json=PARCEL).ok and client.request("GET", path).ok


def _wait(stack: Stack, order_id: str) -> bool:
    request = {"command": "await_dispatch", "order_id": order_id, "correlation_id": "stack-test"}
    wait = {"partner_id": "partner-1", "task_token": _token(stack), "reminders": 0}
    return stack.invoke("fulfillment.await_dispatch", request | wait)[0] is None


def _shipment(stack: Stack, order_id: str = "", **attributes: Any) -> str:
    """A shipment that is waited for, put into the table by hand: the function may be the one without its right."""
    order_id = order_id or new_id("ord")
    item = {"order_id": {"S": order_id}, "tokens": {"L": [{"S": _token(stack)}]}, **attributes}
    table = stack.outputs["tables"]["shipments"]
    stack.environment.client("dynamodb").put_item(TableName=table, Item=item)
    return order_id


def _token(stack: Stack) -> str:
    """Of a task that is over: answering it is allowed or refused like any other, and changes nothing."""
    return tokens.make(stack.outputs["workflows"]["fulfillment.order"]["arn"])


def _parcel() -> dict[str, Any]:
    values = PARCEL | {"dispatched_at": to_text(now())}
    return {"M": {name: {"S": value} for name, value in values.items()}}


def _partner(stack: Stack, order_id: str) -> str:
    request = {"command": "describe", "order_id": order_id, "correlation_id": "stack-test"}
    return str(stack.invoke("orders.commands", request)[1]["partner_id"])


def _envelope(event_type: str, order_id: str, data: dict[str, Any]) -> dict[str, Any]:
    identity = {"event_id": new_id("evt"), "type": event_type, "version": 1, "occurred_at": to_text(now())}
    return {**identity, "order_id": order_id, "sequence": 3, "correlation_id": "stack-test", "data": data}
