"""What the component tests of the inventory service share: names, orders, and a table that is contended for."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.ids import new_id

STOCK, RESERVATIONS, ADJUSTMENTS = "stock", "stock-reservations", "stock-adjustments"
ANSWERS, BUS = "inventory-idempotency", "inventory-test"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "EVENT_BUS_NAME": BUS,
    "INVENTORY_IDEMPOTENCY_TABLE": ANSWERS,
    "LOW_STOCK_THRESHOLD": "5",
    "POWERTOOLS_METRICS_NAMESPACE": "Tradepost",
    "POWERTOOLS_SERVICE_NAME": "inventory",
    "STOCK_ADJUSTMENTS_TABLE": ADJUSTMENTS,
    "STOCK_RESERVATIONS_TABLE": RESERVATIONS,
    "STOCK_TABLE": STOCK,
}
KEYS = {STOCK: "sku", RESERVATIONS: "order_id", ADJUSTMENTS: "adjustment_id", ANSWERS: "idempotency_key"}
TEA, MUG = "TEA-EARL-250", "MUG-BLUE"
LATER = "2099-01-01T00:00:00.000Z"

type Command = Callable[..., dict[str, Any]]
"""Sends a command to the function stock: `command("reserve", order_id, lines={TEA: 2})`."""


def new_order() -> str:
    return new_id("ord")


def request(command: str, order_id: str, **fields: Any) -> dict[str, Any]:
    """A request to the function stock; ``lines`` may be {sku: quantity}."""
    if isinstance(fields.get("lines"), dict):
        fields["lines"] = [{"sku": sku, "quantity": quantity} for sku, quantity in fields["lines"].items()]
    if command not in ("release", "ship"):
        fields = {"lines": [{"sku": TEA, "quantity": 1}], "expires_at": LATER, **fields}
    return {"command": command, "order_id": order_id, "correlation_id": "request-1", **fields}


def canceled_transaction(*codes: str) -> ClientError:
    response: Any = {"Error": {"Code": "TransactionCanceledException", "Message": "no"}}
    response["CancellationReasons"] = [{"Code": code} for code in codes]
    return ClientError(response, "TransactWriteItems")


class Contended:
    """A client's transactions as DynamoDB treats them under contention: of two at the same time one is refused.

    moto itself would mix two transactions at the same time; here each has the table for itself. Nor can it do anything
    else meanwhile (it copies the table to be able to undo), so that all calls of the client go one after the other.
    """

    def __init__(self, client: Any, patch: pytest.MonkeyPatch) -> None:
        self._write = client.transact_write_items
        patch.setattr(client, "transact_write_items", self)
        call, turn = client._make_api_call, threading.Lock()

        def in_turn(*arguments: Any) -> Any:
            with turn:
                return call(*arguments)

        patch.setattr(client, "_make_api_call", in_turn)
        self._table = threading.Lock()
        self.conflicts = 0

    def __call__(self, **arguments: Any) -> Any:
        if not self._table.acquire(blocking=False):
            self.conflicts += 1
            raise canceled_transaction(*["TransactionConflict"] * len(arguments["TransactItems"]))
        try:
            return self._write(**arguments)
        finally:
            self._table.release()
