"""The orders service in process against moto: its tables and bus, its handlers, a partner's calls."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import boto3
import pytest
from jsonschema import Draft4Validator

from tests.component.gateway import log_to_stdout, sender
from tests.component.moto_account import moto_account
from tests.component.orders.support import (
    ANSWERS,
    BODY,
    BUS,
    ENVIRONMENT,
    EVENTS,
    GOOD_WAY,
    KEYS,
    OUTCOMES,
    REQUESTS,
    VIEW,
    Call,
    Context,
    Tell,
)


@pytest.fixture(scope="session")
def account() -> Iterator[Any]:
    """One moto account with the service's tables and bus; yields its DynamoDB client."""
    with moto_account(ENVIRONMENT):
        dynamodb = boto3.client("dynamodb")
        _create_table(dynamodb, EVENTS, "order_id", "sequence")
        _create_table(dynamodb, VIEW, "order_id", indexes=("partner_id", "partner_status"))
        _create_table(dynamodb, ANSWERS, "idempotency_key")
        boto3.client("events").create_event_bus(Name=BUS)
        yield dynamodb


@pytest.fixture
def cloud(account: Any) -> Any:
    """The account with empty tables."""
    for table, key in KEYS.items():
        for item in account.scan(TableName=table)["Items"]:
            account.delete_item(TableName=table, Key={name: item[name] for name in key})
    return account


@pytest.fixture
def handlers(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    """The handler modules by function name; their log goes to this test's standard output."""
    from orders.handlers import api, commands, project, publish, replay

    log_to_stdout(monkeypatch)
    return {"api": api, "commands": commands, "project": project, "publish": publish, "replay": replay}


@pytest.fixture
def call(handlers: dict[str, ModuleType]) -> Call:
    """Send a request as a partner; ``raw`` is the body's text as it is, ``body`` a value for it."""
    return sender(handlers["api"])


@pytest.fixture
def tell(handlers: dict[str, ModuleType]) -> Tell:
    """Invoke the function commands as the workflow does; request and outcome are held against the contract."""

    def invoke(command: str, order_id: str, **fields: Any) -> dict[str, Any]:
        request = {"command": command, "order_id": order_id, "correlation_id": "request-7", **fields}
        Draft4Validator(REQUESTS).validate(request)
        outcome: dict[str, Any] = handlers["commands"].handler(request, Context())
        Draft4Validator(OUTCOMES).validate(outcome)
        return outcome

    return invoke


@pytest.fixture
def completed(tell: Tell, placed: str) -> str:
    """The id of partner-1's order, which has gone the whole way; its total is 900."""
    for command, fields in GOOD_WAY.items():
        tell(command, placed, **fields)
    return placed


@pytest.fixture
def placed(call: Call) -> str:
    """The id of an order that partner-1 has placed."""
    reply = call("POST", "/orders", BODY, key="the-fixture")
    assert reply.status == 201
    return str(reply.json["order_id"])


def _create_table(dynamodb: Any, name: str, *key: str, indexes: tuple[str, ...] = ()) -> None:
    secondary = [
        {
            "IndexName": f"by_{attribute.removesuffix('_id')}",
            "KeySchema": _key_schema(attribute, "order_id"),
            "Projection": {"ProjectionType": "ALL"},
        }
        for attribute in indexes
    ]
    dynamodb.create_table(
        TableName=name,
        KeySchema=_key_schema(*key),
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "N" if attribute == "sequence" else "S"}
            for attribute in (*key, *indexes)
        ],
        BillingMode="PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": secondary} if secondary else {}),
    )


def _key_schema(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]
