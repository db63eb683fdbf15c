"""Least privilege, both ways: each call that the code makes is allowed, each allowed action is used."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.component.grants import Grants, allowed, functions_and_policies, recording
from tests.component.orders.support import (
    ANSWERS,
    BODY,
    BUS,
    EVENTS,
    GOOD_WAY,
    VIEW,
    Call,
    Context,
    Tell,
    stream_records,
)

LOGICAL_NAMES = {EVENTS: "order_events", VIEW: "orders_view", ANSWERS: "orders_idempotency", BUS: "event_bus"}


@pytest.fixture
def used(account: Any) -> Iterator[Grants]:
    """The grants needed by every call that the code under test makes from here on."""
    with recording(LOGICAL_NAMES) as grants:
        yield grants


def exercise_api(call: Call, completed: str) -> None:
    for _ in range(2):  # the second time the stored answer is read
        assert call("POST", f"/orders/{completed}/refunds", {"amount": 900, "reason": "x"}, key="key-2").status == 202
    order_id = call("POST", "/orders", BODY, key="key-1").json["order_id"]
    call("POST", "/orders", BODY, key="key-1")
    call("GET", f"/orders/{order_id}")
    call("GET", f"/orders/{order_id}/events")
    call("GET", "/orders")
    call("GET", "/orders", query={"status": "placed"})
    call("POST", f"/orders/{order_id}/cancel", {"reason": "x"})


def test_api(call: Call, completed: str, used: Grants):
    used.clear()
    exercise_api(call, completed)

    assert used == allowed("orders", "api")


def test_commands(tell: Tell, placed: str, used: Grants):
    used.clear()
    for command, fields in GOOD_WAY.items():
        tell(command, placed, **fields)

    assert used == allowed("orders", "commands")


@pytest.mark.parametrize("function", ["project", "publish"])
def test_stream_functions(completed: str, cloud: Any, handlers: dict[str, ModuleType], used: Grants, function: str):
    used.clear()

    handlers[function].handler({"Records": stream_records(cloud)}, Context())

    assert used == allowed("orders", function)


def test_replay(completed: str, cloud: Any, handlers: dict[str, ModuleType], used: Grants):
    cloud.put_item(TableName=VIEW, Item={"order_id": {"S": "nothing-behind-it"}, "sequence": {"N": "1"}})
    used.clear()

    handlers["replay"].handler({}, Context())

    assert used == allowed("orders", "replay")


def test_every_function_has_a_policy_and_every_policy_a_function():
    functions, policies = functions_and_policies("orders")

    assert policies == functions
