"""The fulfillment service in process: its table by moto, Step Functions and the function of orders by stand-ins."""

import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import boto3
import pytest
from jsonschema import Draft4Validator

from shared import aws
from shared.ids import new_id
from shared.schemas import CONTRACTS
from tests.component.fulfillment.support import ENVIRONMENT, PARTNER, SHIPMENTS, Executions, Orders, Wait
from tests.component.gateway import Call, Context, log_to_stdout, sender
from tests.component.moto_account import moto_account

REQUESTS, OUTCOMES = (
    json.loads((CONTRACTS / "commands" / f"fulfillment.{name}.json").read_text()) for name in ("request", "response")
)


@pytest.fixture(scope="session")
def account() -> Iterator[Any]:
    """One moto account with the service's table; yields its DynamoDB client."""
    with moto_account(ENVIRONMENT):
        dynamodb = boto3.client("dynamodb")
        dynamodb.create_table(
            TableName=SHIPMENTS,
            KeySchema=[{"AttributeName": "order_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "order_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield dynamodb


@pytest.fixture
def executions() -> Executions:
    return Executions()


@pytest.fixture
def orders() -> Orders:
    return Orders()


@pytest.fixture
def handlers(
    account: Any, executions: Executions, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, ModuleType]]:
    """The handler modules by function name; their log goes to this test's standard output."""
    from fulfillment.handlers import await_dispatch, dispatch, end_wait

    log_to_stdout(monkeypatch)
    made, stand_ins = aws.client, {"stepfunctions": executions, "lambda": orders}
    monkeypatch.setattr(aws, "client", lambda name, **more: stand_ins.get(name) or made(name, **more))
    modules: dict[str, ModuleType] = {"await_dispatch": await_dispatch, "dispatch": dispatch, "end_wait": end_wait}
    for module in modules.values():
        module.resources.cache_clear()
    yield modules
    for module in modules.values():
        module.resources.cache_clear()


@pytest.fixture
def call(handlers: dict[str, ModuleType]) -> Call:
    """Send a request as a partner."""
    return sender(handlers["dispatch"])


@pytest.fixture
def wait(handlers: dict[str, ModuleType], executions: Executions) -> Wait:
    """An execution waits for the parcel of an order; answers its token."""

    def begin(order_id: str, reminders: int = 0) -> str:
        token = new_id("tok")
        executions.waiting.add(token)
        request = {
            "command": "await_dispatch",
            "order_id": order_id,
            "correlation_id": "basket-7",
            "partner_id": PARTNER,
            "task_token": token,
            "reminders": reminders,
        }
        Draft4Validator(REQUESTS).validate(request)
        outcome = handlers["await_dispatch"].handler(request, Context())
        Draft4Validator(OUTCOMES).validate(outcome)
        return token

    return begin
