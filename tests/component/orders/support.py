"""What the component tests of the orders service share: names, gateway events, stream records."""

import json
from collections.abc import Callable
from typing import Any

from shared.schemas import CONTRACTS
from tests.component import gateway
from tests.component.gateway import Call, Context, Reply

__all__ = ["Call", "Context", "Reply"]

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


DETAILS = ("lines", "payment_method", "dispatch", "rejection", "cancellation", "refunds", "timeline")
"""What the whole order has beyond its summary."""

type Tell = Callable[..., dict[str, Any]]


def gateway_event(method: str, path: str, **parts: Any) -> dict[str, Any]:
    """A REST proxy event of a partner's call; ``parts`` are laid over it."""
    from orders.handlers import api

    return gateway.event(method, path, api.app.actions, **parts)


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
