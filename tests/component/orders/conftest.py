"""The orders service in process against moto: its tables and bus, a partner's calls, the calls it makes of AWS."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from moto import mock_aws

from shared import aws

EVENTS, VIEW, ANSWERS, BUS = "order-events", "orders-view", "orders-idempotency", "tradepost-test"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "EVENT_BUS_NAME": BUS,
    "ORDER_EVENTS_TABLE": EVENTS,
    "ORDERS_IDEMPOTENCY_TABLE": ANSWERS,
    "ORDERS_VIEW_TABLE": VIEW,
    "POWERTOOLS_METRICS_NAMESPACE": "Tradepost",
    "POWERTOOLS_SERVICE_NAME": "orders",
}
BODY = {"currency": "EUR", "lines": [{"sku": "TEA-EARL-250", "quantity": 2, "unit_amount": 450}]}


class Context(LambdaContext):
    """What Lambda tells a handler about the invocation; ``remaining`` milliseconds are left."""

    _function_name = "orders"
    _aws_request_id = "00000000-0000-0000-0000-00000000c0de"

    def __init__(self, remaining: int = 30_000) -> None:
        self.remaining = remaining

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]
        return self.remaining


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A fresh moto account with the service's tables and bus; yields its DynamoDB client."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        aws.client.cache_clear()
        dynamodb = boto3.client("dynamodb")
        _table(dynamodb, EVENTS, ("order_id", "S"), ("sequence", "N"))
        _table(dynamodb, VIEW, ("order_id", "S"), indexes=("partner", "partner_status"))
        _table(dynamodb, ANSWERS, ("idempotency_key", "S"))
        boto3.client("events").create_event_bus(Name=BUS)
        yield dynamodb
        aws.client.cache_clear()


def _table(dynamodb: Any, name: str, *key: tuple[str, str], indexes: tuple[str, ...] = ()) -> None:
    index_keys = {"partner": "partner_id", "partner_status": "partner_status"}
    attributes = dict(key) | {index_keys[index]: "S" for index in indexes}
    secondary = [
        {
            "IndexName": f"by_{index}",
            "KeySchema": _schema(index_keys[index], "order_id"),
            "Projection": {"ProjectionType": "ALL"},
        }
        for index in indexes
    ]
    dynamodb.create_table(
        TableName=name,
        KeySchema=_schema(*(attribute for attribute, _ in key)),
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in attributes.items()],
        BillingMode="PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": secondary} if secondary else {}),
    )


def _schema(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer as API Gateway would pass it on."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def problem(self) -> tuple[int, str]:
        """Status and slug, after checking that the answer is a whole problem."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.json["status"] == self.status
        assert self.json["title"]
        assert self.json["detail"]
        assert self.json["request_id"] == "gateway-request"
        return self.status, self.json["type"].removeprefix("urn:tradepost:problem:")

    @property
    def flawed(self) -> list[str]:
        """The pointers, parameters and headers that the problem names."""
        return [value for flaw in self.json["errors"] for place, value in flaw.items() if place != "detail"]


type Call = Callable[..., Reply]


@pytest.fixture
def handlers(cloud: Any) -> Iterator[dict[str, ModuleType]]:
    """The handler modules by function name, with resources made for this test's account."""
    from orders.handlers import api, project, publish, replay

    caches = (api.resources, project.resources, publish.publisher, replay.resources)
    for made in caches:
        made.cache_clear()
    yield {"api": api, "project": project, "publish": publish, "replay": replay}
    for made in caches:
        made.cache_clear()


def gateway_event(method: str, path: str, **parts: Any) -> dict[str, Any]:
    """A REST proxy event of a partner's call; ``parts`` are laid over it."""
    return {
        "httpMethod": method,
        "path": path,
        "resource": path,
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": None,
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {
            "requestId": "gateway-request",
            "stage": "live",
            "path": f"/live{path}",
            "httpMethod": method,
            "identity": {"apiKeyId": "partner-1"},
        },
    } | parts


@pytest.fixture
def call(handlers: dict[str, ModuleType]) -> Call:
    """Call the API: call(method, path, body=..., key=..., partner=..., query=..., headers=..., raw=...)."""

    def send(
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        partner: str | None = "partner-1",
        query: dict[str, str | list[str]] | None = None,
        headers: dict[str, str] | None = None,
        raw: str | None = None,
        base64: bool = False,
    ) -> Reply:
        event = gateway_event(method, path, body=raw if raw is not None else body and json.dumps(body))
        event["isBase64Encoded"] = base64
        event["requestContext"]["identity"]["apiKeyId"] = partner
        event["headers"] |= (headers or {}) | ({"Idempotency-Key": key} if key is not None else {})
        if query is not None:
            lists = {name: [value] if isinstance(value, str) else value for name, value in query.items()}
            event["multiValueQueryStringParameters"] = lists
            event["queryStringParameters"] = {name: values[-1] for name, values in lists.items()}
        reply = handlers["api"].handler(event, Context())
        json.dumps(reply)
        return Reply(
            reply["statusCode"],
            {name: values[0] for name, values in reply["multiValueHeaders"].items()},
            reply["body"],
        )

    return send


@pytest.fixture
def placed(call: Call) -> str:
    """The id of an order that partner-1 has placed."""
    reply = call("POST", "/orders", BODY, key="the-fixture")
    assert reply.status == 201
    return str(reply.json["order_id"])


def stream_records(dynamodb: Any) -> list[dict[str, Any]]:
    """The event table's items as the records that its stream would carry, in the order of (order, sequence)."""
    items = sorted(
        dynamodb.scan(TableName=EVENTS)["Items"], key=lambda item: (item["order_id"]["S"], int(item["sequence"]["N"]))
    )
    return [
        {
            "eventName": "INSERT",
            "dynamodb": {
                "Keys": {"order_id": item["order_id"], "sequence": item["sequence"]},
                "NewImage": item,
                "SequenceNumber": str(100 + number),
            },
        }
        for number, item in enumerate(items)
    ]
