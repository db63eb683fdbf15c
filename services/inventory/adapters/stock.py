"""The stock table: one item per article, changed by expressions alone, so that no writer undoes another's change.

Importing pulls in nothing of AWS; the client is the caller's.
"""

from dataclasses import dataclass
from typing import Any

from inventory.domain import Move, Stock
from shared import transactions
from shared.dynamodb import Item, from_item, to_item
from shared.transactions import DEFAULT_PATIENCE, Patience, RefusedError

_NAMES = {"#sequence": "sequence"}


class BelowReservedError(Exception):
    """Fewer would be on hand than are reserved; nothing was written."""

    def __init__(self, reserved: int) -> None:
        super().__init__(f"{reserved} are reserved")
        self.reserved = reserved


@dataclass(frozen=True, slots=True)
class Count:
    """How many were counted, when; ``low_stock_threshold`` None leaves it as it is, for a new article ``default``."""

    sku: str
    on_hand: int
    low_stock_threshold: int | None
    default_threshold: int
    at: str
    correlation_id: str


@dataclass(frozen=True, slots=True)
class StockTable:
    """The items of the table."""

    client: Any
    table: str
    patience: Patience = DEFAULT_PATIENCE

    def get(self, sku: str) -> Stock | None:
        """The article's stock, strongly consistent; None if it is not known."""
        found = self.client.get_item(TableName=self.table, Key=to_item({"sku": sku}), ConsistentRead=True)
        return read_stock(found["Item"]) if "Item" in found else None

    def count(self, count: Count) -> Stock:
        """Set what is on hand, making the article if it is new; raises BelowReservedError, BusyError."""
        kept = count.low_stock_threshold is None
        update = (
            "SET available = :on_hand - if_not_exists(reserved, :none), reserved = if_not_exists(reserved, :none),"
            f" low_stock_threshold = {'if_not_exists(low_stock_threshold, :threshold)' if kept else ':threshold'},"
            " #sequence = if_not_exists(#sequence, :none) + :one, updated_at = :at, correlation_id = :correlation_id"
        )
        values = {
            ":on_hand": count.on_hand,
            ":threshold": count.default_threshold if kept else count.low_stock_threshold,
            ":none": 0,
            ":one": 1,
            ":at": count.at,
            ":correlation_id": count.correlation_id,
        }
        try:
            answer = transactions.write_one(
                lambda: self.client.update_item(
                    TableName=self.table,
                    Key=to_item({"sku": count.sku}),
                    UpdateExpression=update,
                    ConditionExpression="attribute_not_exists(sku) OR reserved <= :on_hand",
                    ExpressionAttributeNames=_NAMES,
                    ExpressionAttributeValues=to_item(values),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                ),
                self.patience,
            )
        except RefusedError as refused:
            raise BelowReservedError(read_stock(refused.stored(0) or {}).reserved) from None
        return read_stock(answer["Attributes"])

    def moved(self, move: Move, at: str, correlation_id: str) -> dict[str, Any]:
        """The transaction item of a move; on a refusal the stock that is there comes back (ALL_OLD)."""
        conditions = ["attribute_exists(sku)"]
        values: dict[str, Any] = {":available": move.available, ":reserved": move.reserved}
        for name, change in (("available", move.available), ("reserved", move.reserved)):
            if change < 0:
                conditions.append(f"{name} >= :least_{name}")
                values[f":least_{name}"] = -change
        return {
            "Update": {
                "TableName": self.table,
                "Key": to_item({"sku": move.sku}),
                "UpdateExpression": (
                    "SET updated_at = :at, correlation_id = :correlation_id"
                    " ADD available :available, reserved :reserved, #sequence :one"
                ),
                "ConditionExpression": " AND ".join(conditions),
                "ExpressionAttributeNames": _NAMES,
                "ExpressionAttributeValues": to_item(
                    {**values, ":one": 1, ":at": at, ":correlation_id": correlation_id}
                ),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def read_stock(item: Item) -> Stock:
    """The stock in an item of the table or of its stream; raises KeyError naming an attribute that is missing."""
    stored = from_item(item)
    return Stock(
        sku=stored["sku"],
        available=stored["available"],
        reserved=stored["reserved"],
        low_stock_threshold=stored["low_stock_threshold"],
        sequence=stored["sequence"],
        updated_at=stored["updated_at"],
        correlation_id=stored["correlation_id"],
    )
