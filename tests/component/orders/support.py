"""What the component tests of the orders service share: names, a Lambda context, gateway events, stream records."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.schemas import CONTRACTS

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
KEYS = {EVENTS: ("order_id", "sequence"), VIEW: ("order_id",), ANSWERS: ("idempotency_key",)}
BODY: dict[str, Any] = {
    "currency": "EUR",
    "payment_method": "pm_approved",
    "lines": [{"sku": "TEA-EARL-250", "quantity": 2, "unit_amount": 450}],
}
REQUESTS, OUTCOMES = (
    json.loads((CONTRACTS / "commands" / f"orders.{name}.json").read_text()) for name in ("request", "response")
)
"""The contract of the function commands."""
PARCEL = {"carrier": "DHL", "tracking_number": "00340434161094042557"}
GOOD_WAY: dict[str, dict[str, Any]] = {"confirm": {}, "dispatch": PARCEL, "complete": {}}
"""The commands that complete a placed order, with their fields."""


class Context(LambdaContext):
    """What Lambda tells a handler about the invocation; ``remaining`` milliseconds are left."""

    _function_name = "orders"
    _aws_request_id = "00000000-0000-0000-0000-00000000c0de"

    def __init__(self, remaining: int = 30_000) -> None:
        self.remaining = remaining

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]
        return self.remaining


DETAILS = ("lines", "payment_method", "dispatch", "rejection", "cancellation", "refunds", "timeline")
"""What the whole order has beyond its summary."""


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
type Tell = Callable[..., dict[str, Any]]


def gateway_event(method: str, path: str, **parts: Any) -> dict[str, Any]:
    """A REST proxy event of a partner's call; ``parts`` are laid over it."""
    resource, path_parameters = _matched(path)
    return {
        "httpMethod": method,
        "path": path,
        "resource": resource,
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": None,
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": path_parameters,
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


def _matched(path: str) -> tuple[str, dict[str, str] | None]:
    """The resource that API Gateway finds for a path, and the path's parameters."""
    collection, *rest = path.removeprefix("/").split("/", 2)
    if not rest:
        return path, None
    return "/".join(["", collection, "{order_id}", *rest[1:]]), {"order_id": unquote(rest[0])}


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
