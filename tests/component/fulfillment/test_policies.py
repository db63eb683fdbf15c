"""Least privilege, both ways: each call that the code makes is allowed, each allowed action is used."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from shared.ids import new_id
from tests.component.fulfillment.support import PARCEL, PARTNER, SHIPMENTS, Executions, Orders, Wait, envelope
from tests.component.gateway import Call, Context
from tests.component.grants import Grants, allowed, functions_and_policies, recording


@pytest.fixture
def used(account: Any, executions: Executions, orders: Orders) -> Iterator[Grants]:
    """The grants needed by every call to the table that the code under test makes from here on."""
    with recording({SHIPMENTS: "shipments"}) as grants:
        yield grants


def others(executions: Executions, orders: Orders) -> Grants:
    """The grants needed by the calls to the stand-ins."""
    invoked = {("orders_commands", "lambda:InvokeFunction")} if orders.requests else set()
    return {("order_workflow", f"states:{operation}") for operation in executions.calls} | invoked


def test_await_dispatch(
    wait: Wait, handlers: dict[str, ModuleType], used: Grants, executions: Executions, orders: Orders
):
    for event in (envelope("order_dispatched", new_id("ord"), **PARCEL), envelope("order_canceled", new_id("ord"))):
        handlers["end_wait"].handler(event, Context())
        wait(event["order_id"])

    assert used | others(executions, orders) == allowed("fulfillment", "await_dispatch")


def test_end_wait(wait: Wait, handlers: dict[str, ModuleType], used: Grants, executions: Executions, orders: Orders):
    ids = [new_id("ord"), new_id("ord")]
    for order_id in ids:
        wait(order_id)
    handlers["end_wait"].handler(envelope("order_dispatched", ids[0], **PARCEL), Context())
    handlers["end_wait"].handler(envelope("order_canceled", ids[1], reason="x"), Context())

    assert used | others(executions, orders) == allowed("fulfillment", "end_wait")


def test_dispatch(call: Call, wait: Wait, used: Grants, executions: Executions, orders: Orders):
    order_id = new_id("ord")
    orders.orders[order_id] = PARTNER, "confirmed"
    wait(order_id)
    call("POST", f"/shipments/{order_id}/dispatched", PARCEL)
    call("GET", f"/shipments/{order_id}")

    assert used | others(executions, orders) == allowed("fulfillment", "dispatch")


def test_every_function_has_a_policy_and_every_policy_a_function():
    functions, policies = functions_and_policies("fulfillment")

    assert policies == functions
