"""Least privilege, both ways: each call that the code makes is allowed, each allowed action is used."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.component.gateway import Call, Context
from tests.component.grants import Grants, allowed, functions_and_policies, recording
from tests.component.inventory.support import ADJUSTMENTS, ANSWERS, BUS, RESERVATIONS, STOCK, TEA, Command, new_order

LOGICAL_NAMES = {
    ADJUSTMENTS: "stock_adjustments",
    ANSWERS: "inventory_idempotency",
    BUS: "event_bus",
    RESERVATIONS: "stock_reservations",
    STOCK: "stock",
}


@pytest.fixture
def used(account: Any) -> Iterator[Grants]:
    """The grants needed by every call that the code under test makes from here on."""
    with recording(LOGICAL_NAMES) as grants:
        yield grants


def exercise_api(call: Call) -> None:
    call("PUT", f"/stock/{TEA}", {"on_hand": 9})
    call("GET", f"/stock/{TEA}")
    body = {"reason": "delivery", "lines": [{"sku": TEA, "quantity": 1}]}
    made = call("POST", "/stock/adjustments", body, key="k")
    call("GET", f"/{made.headers['Location']}")


def test_api(call: Call, used: Grants):
    exercise_api(call)

    assert used == allowed("inventory", "api")


def test_stock(call: Call, command: Command, used: Grants):
    exercise_api(call)
    used.clear()

    for quantity in (1, 999):
        order = new_order()
        command("reserve", order, lines={TEA: quantity})
        command("ship", order)
        command("release", order)
    command("release", new_order())

    assert used == allowed("inventory", "stock")


def test_expire(call: Call, command: Command, handlers: dict[str, ModuleType], used: Grants):
    exercise_api(call)
    command("reserve", new_order(), expires_at="2020-01-01T00:00:00Z")
    used.clear()

    handlers["expire"].handler({}, Context(120_000))

    assert used == allowed("inventory", "expire")


def test_alert(call: Call, cloud: Any, handlers: dict[str, ModuleType], used: Grants):
    call("PUT", f"/stock/{TEA}", {"on_hand": 0})
    [item] = cloud.scan(TableName=STOCK)["Items"]
    used.clear()

    change = {"NewImage": item, "SequenceNumber": "1"}
    handlers["alert"].handler({"Records": [{"eventName": "INSERT", "dynamodb": change}]}, Context())

    assert used == allowed("inventory", "alert")


def test_every_function_has_a_policy_and_every_policy_a_function():
    functions, policies = functions_and_policies("inventory")

    assert policies == functions
