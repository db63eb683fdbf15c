"""The stock of the deployed stack: its API over HTTP, the workflow's function, and all that its functions can do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import requests

from scripts.client import OrderClient
from shared.ids import new_id
from tests.stack.conftest import Stack

FAR = "2099-01-01T00:00:00Z"
PAST = "2020-01-01T00:00:00Z"


def new_sku() -> str:
    return f"TEST-{uuid4().hex[:16].upper()}"


@dataclass(frozen=True)
class Shop:
    """What people and the workflow do with the stock."""

    stack: Stack
    client: OrderClient

    def get(self, sku: str) -> requests.Response:
        return self.client.request("GET", f"/stock/{sku}")

    def count(self, sku: str, on_hand: int, **fields: int) -> requests.Response:
        return self.client.request("PUT", f"/stock/{sku}", json={"on_hand": on_hand, **fields})

    def adjust(self, lines: dict[str, int], key: str | None = None, reason: str = "test") -> requests.Response:
        body = {"reason": reason, "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()]}
        headers = {"Idempotency-Key": key or str(uuid4())}
        return self.client.request("POST", "/stock/adjustments", json=body, headers=headers)

    def command(self, command: str, order_id: str, **fields: Any) -> dict[str, Any]:
        """What the function stock answers; an error of the function fails the test."""
        error, outcome = self.try_command(command, order_id, **fields)
        assert error is None, outcome
        done: dict[str, Any] = outcome
        return done

    def try_command(self, command: str, order_id: str, **fields: Any) -> tuple[str | None, Any]:
        request = {"command": command, "order_id": order_id, "correlation_id": "stack-test", **fields}
        return self.stack.invoke("inventory.stock", request)

    def reserve(self, order_id: str, lines: dict[str, int], expires_at: str = FAR) -> dict[str, Any]:
        listed = [{"sku": sku, "quantity": quantity} for sku, quantity in lines.items()]
        return self.command("reserve", order_id, lines=listed, expires_at=expires_at)

    def levels(self, sku: str) -> tuple[int, int, int]:
        """(on hand, reserved, available)."""
        stock = self.get(sku).json()
        return stock["on_hand"], stock["reserved"], stock["available"]


def deeds(stack: Stack) -> dict[str, Callable[[], bool]]:
    """Each function asked to do all it can do; tells whether it could."""
    shop = Shop(stack, stack.client())
    return {
        "inventory.alert": lambda: _alert_works(stack),
        "inventory.api": lambda: _api_works(shop),
        "inventory.expire": lambda: _expire_works(stack),
        "inventory.stock": lambda: _stock_works(stack, shop),
    }


def _api_works(shop: Shop) -> bool:
    sku = new_sku()
    if shop.count(sku, 5).status_code != 201:
        return False
    adjusted = shop.adjust({sku: 1})
    if not adjusted.ok:
        return False
    return shop.get(sku).ok and shop.client.request("GET", f"/{adjusted.headers['Location']}").ok


def _stock_works(stack: Stack, shop: Shop) -> bool:
    """The article is put into the table by hand: the API may be the one without its right."""
    sku, order, line = _article(stack, 1), new_id("ord"), {"quantity": 1}
    reserve = {"lines": [{"sku": sku, **line}], "expires_at": FAR}
    commands = [("reserve", order, reserve), ("reserve", new_id("ord"), reserve), ("ship", order, {})]
    return all(shop.try_command(name, order_id, **fields)[0] is None for name, order_id, fields in commands)


def _expire_works(stack: Stack) -> bool:
    sku, order_id = _article(stack, 0, reserved=1), new_id("ord")
    item = {
        "order_id": {"S": order_id},
        "state": {"S": "reserved"},
        "correlation_id": {"S": "stack-test"},
        "updated_at": {"S": PAST},
        "expires_at": {"S": PAST},
        "due_shard": {"S": "0"},
        "lines": {"L": [{"M": {"sku": {"S": sku}, "quantity": {"N": "1"}}}]},
    }
    dynamodb, table = stack.environment.client("dynamodb"), stack.outputs["tables"]["stock_reservations"]
    dynamodb.put_item(TableName=table, Item=item)
    error, _ = stack.invoke("inventory.expire", {})
    found = dynamodb.get_item(TableName=table, Key={"order_id": {"S": order_id}})["Item"]
    dynamodb.delete_item(TableName=table, Key={"order_id": {"S": order_id}})
    return error is None and found["state"] == {"S": "expired"}


def _alert_works(stack: Stack) -> bool:
    change = {"NewImage": _image(new_sku(), 0), "SequenceNumber": "1"}
    record = {"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": change}
    error, answer = stack.invoke("inventory.alert", {"Records": [record]})
    return error is None and answer["batchItemFailures"] == []


def _article(stack: Stack, available: int, reserved: int = 0) -> str:
    sku = new_sku()
    table = stack.outputs["tables"]["stock"]
    stack.environment.client("dynamodb").put_item(TableName=table, Item=_image(sku, available, reserved))
    return sku


def _image(sku: str, available: int, reserved: int = 0) -> dict[str, Any]:
    numbers = {"available": available, "reserved": reserved, "low_stock_threshold": 0, "sequence": 1}
    texts = {"sku": sku, "updated_at": PAST, "correlation_id": "stack-test"}
    return {name: {"N": str(value)} for name, value in numbers.items()} | {
        name: {"S": text} for name, text in texts.items()
    }
