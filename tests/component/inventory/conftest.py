"""The inventory service in process against moto: its tables and bus, its handlers, a partner's calls, commands."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

import boto3
import pytest
from jsonschema import Draft4Validator

from shared.schemas import CONTRACTS
from tests.component.gateway import Call, Context, log_to_stdout, sender
from tests.component.inventory.support import BUS, ENVIRONMENT, KEYS, RESERVATIONS, STOCK, Command, request
from tests.component.moto_account import moto_account

REQUESTS, OUTCOMES = (
    json.loads((CONTRACTS / "commands" / f"inventory.{name}.json").read_text()) for name in ("request", "response")
)
"""The contract of the function stock."""


@pytest.fixture(scope="session")
def account() -> Iterator[Any]:
    """One moto account with the service's tables and bus; yields its DynamoDB client."""
    with moto_account(ENVIRONMENT):
        dynamodb = boto3.client("dynamodb")
        for table, key in KEYS.items():
            _create_table(dynamodb, table, key)
        boto3.client("events").create_event_bus(Name=BUS)
        yield dynamodb


@pytest.fixture
def cloud(account: Any) -> Any:
    """The account with empty tables."""
    for table, key in KEYS.items():
        for item in account.scan(TableName=table)["Items"]:
            account.delete_item(TableName=table, Key={key: item[key]})
    return account


@pytest.fixture
def handlers(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    """The handler modules by function name; their log goes to this test's standard output."""
    from inventory.handlers import alert, api, expire, stock

    log_to_stdout(monkeypatch)
    return {"alert": alert, "api": api, "expire": expire, "stock": stock}


@pytest.fixture
def call(handlers: dict[str, ModuleType]) -> Call:
    """Send a request as a partner."""
    return sender(handlers["api"])


@pytest.fixture
def command(handlers: dict[str, ModuleType]) -> Command:
    """Send a command to the function stock; request and outcome are held against the contract."""

    def send(name: str, order_id: str, **fields: Any) -> dict[str, Any]:
        event = request(name, order_id, **fields)
        Draft4Validator(REQUESTS).validate(event)
        outcome: dict[str, Any] = handlers["stock"].handler(event, Context())
        Draft4Validator(OUTCOMES).validate(outcome)
        return outcome

    return send


@pytest.fixture
def waits(handlers: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses between attempts that would have been made, in seconds."""
    pauses: list[float] = []

    def quick(table: Any) -> Any:
        return replace(table, patience=replace(table.patience, sleep=pauses.append))

    reservations, resources = quick(handlers["stock"].reservations()), handlers["api"].resources()
    resources = replace(resources, adjustments=quick(resources.adjustments))
    for name in ("expire", "stock"):
        monkeypatch.setattr(handlers[name], "reservations", lambda: reservations)
    monkeypatch.setattr(handlers["api"], "resources", lambda: resources)
    return pauses


@pytest.fixture
def levels(cloud: Any) -> Callable[[str], tuple[int, int]]:
    """(available, reserved) of an article, as they are stored."""

    def read(sku: str) -> tuple[int, int]:
        item = cloud.get_item(TableName=STOCK, Key={"sku": {"S": sku}})["Item"]
        return int(item["available"]["N"]), int(item["reserved"]["N"])

    return read


def _create_table(dynamodb: Any, name: str, key: str) -> None:
    names = [key, "due_shard", "expires_at"] if name == RESERVATIONS else [key]
    index = {
        "IndexName": "by_due",
        "KeySchema": _key_schema("due_shard", "expires_at"),
        "Projection": {"ProjectionType": "ALL"},
    }
    dynamodb.create_table(
        TableName=name,
        KeySchema=_key_schema(key),
        AttributeDefinitions=[{"AttributeName": attribute, "AttributeType": "S"} for attribute in names],
        BillingMode="PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": [index]} if name == RESERVATIONS else {}),
    )


def _key_schema(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]
