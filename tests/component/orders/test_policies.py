"""Least privilege, both ways: each call that the code makes is allowed, each allowed action is used."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from shared import aws
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

POLICIES = Path("services/orders/policies")
LOGICAL_NAMES = {EVENTS: "order_events", VIEW: "orders_view", ANSWERS: "orders_idempotency", BUS: "event_bus"}
TRANSACTION_ACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}

type Grants = set[tuple[str, str]]
"""(logical name of a resource, IAM action)."""


def needed(service: str, operation: str, arguments: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The grants that one call of a client needs."""
    if service == "events":
        yield from ((LOGICAL_NAMES[entry["EventBusName"]], f"events:{operation}") for entry in arguments["Entries"])
    elif operation == "TransactWriteItems":
        for item in arguments["TransactItems"]:
            [(kind, write)] = item.items()
            yield LOGICAL_NAMES[write["TableName"]], f"dynamodb:{TRANSACTION_ACTIONS[kind]}"
    else:
        index = f".{arguments['IndexName']}" if "IndexName" in arguments else ""
        yield LOGICAL_NAMES[arguments["TableName"]] + index, f"dynamodb:{operation}"


@pytest.fixture
def used(account: Any) -> Iterator[Grants]:
    """The grants needed by every call that the code under test makes from here on."""
    grants: Grants = set()

    def record(params: dict[str, Any], model: Any, **_: Any) -> None:
        grants.update(needed(model.service_model.service_name, model.name, params))

    clients = [aws.client(service) for service in ("dynamodb", "events")]
    for client in clients:
        client.meta.events.register("provide-client-params.*.*", record, unique_id="policies")
    yield grants
    for client in clients:
        client.meta.events.unregister("provide-client-params.*.*", unique_id="policies")


def allowed(function: str) -> Grants:
    policy: dict[str, list[str]] = json.loads((POLICIES / f"{function}.json").read_text())
    return {(name, action) for name, actions in policy.items() for action in actions}


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

    assert used == allowed("api")


def test_commands(tell: Tell, placed: str, used: Grants):
    used.clear()
    for command, fields in GOOD_WAY.items():
        tell(command, placed, **fields)

    assert used == allowed("commands")


@pytest.mark.parametrize("function", ["project", "publish"])
def test_stream_functions(completed: str, cloud: Any, handlers: dict[str, ModuleType], used: Grants, function: str):
    used.clear()

    handlers[function].handler({"Records": stream_records(cloud)}, Context())

    assert used == allowed(function)


def test_replay(completed: str, cloud: Any, handlers: dict[str, ModuleType], used: Grants):
    cloud.put_item(TableName=VIEW, Item={"order_id": {"S": "nothing-behind-it"}, "sequence": {"N": "1"}})
    used.clear()

    handlers["replay"].handler({}, Context())

    assert used == allowed("replay")


def test_every_function_has_a_policy_and_every_policy_a_function():
    functions = {path.stem for path in Path("services/orders/handlers").glob("*.py")} - {"__init__"}

    assert {path.stem for path in POLICIES.glob("*.json")} == functions
