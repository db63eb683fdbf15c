"""The read model: one small row per order, for lists. Rebuilt from the events at any time.

Importing pulls in nothing of AWS; the client is the caller's.
"""

from dataclasses import dataclass
from typing import Any

from orders.domain.order import Order, Status
from orders.representation import summary
from shared.aws import error_code
from shared.dynamodb import Item, from_item, to_attribute, to_item

_SHOWN = (
    "order_id",
    "status",
    "currency",
    "total_amount",
    "refunded_amount",
    "placed_at",
    "updated_at",
    "sequence",
    "reference",
)


@dataclass(frozen=True, slots=True)
class ReadModel:
    """The rows of the table orders-view."""

    client: Any
    table: str

    def put(self, order: Order) -> bool:
        """Store the order's row unless a newer one is there; answers whether it was stored."""
        row = summary(order) | {
            "partner_id": order.partner_id,
            "partner_status": _partner_status(order.partner_id, order.status),
        }
        return self._if_condition_holds(
            self.client.put_item,
            Item=to_item(row),
            ConditionExpression="attribute_not_exists(order_id) OR #sequence <= :sequence",
            ExpressionAttributeNames={"#sequence": "sequence"},
            ExpressionAttributeValues={":sequence": to_attribute(order.sequence)},
        )

    def delete(self, order_id: str, sequence: int) -> bool:
        """Remove a row as it was seen; answers whether it was removed."""
        return self._if_condition_holds(
            self.client.delete_item,
            Key=to_item({"order_id": order_id}),
            ConditionExpression="#sequence = :sequence",
            ExpressionAttributeNames={"#sequence": "sequence"},
            ExpressionAttributeValues={":sequence": to_attribute(sequence)},
        )

    def page(
        self, partner_id: str, status: Status | None, limit: int, after: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Summaries of the partner's orders, newest first, and the order id to go on after (None at the end).

        Eventually consistent: an order that was just placed may be missing for a moment.
        """
        index, key, value = "by_partner", "partner_id", partner_id
        if status is not None:
            index, key, value = "by_partner_status", "partner_status", _partner_status(partner_id, status)
        rows: list[dict[str, Any]] = []
        start = to_item({key: value, "order_id": after}) if after else None
        # One row more than asked for shows whether there is a next page.
        while len(rows) <= limit:
            found = self.client.query(
                TableName=self.table,
                IndexName=index,
                KeyConditionExpression=f"{key} = :value",
                ExpressionAttributeValues={":value": to_attribute(value)},
                ScanIndexForward=False,
                Limit=limit + 1 - len(rows),
                **({"ExclusiveStartKey": start} if start else {}),
            )
            rows.extend(from_item(item) for item in found["Items"])
            start = found.get("LastEvaluatedKey")
            if start is None:
                break
        shown = [{name: row[name] for name in _SHOWN if name in row} for row in rows[:limit]]
        return shown, shown[-1]["order_id"] if len(rows) > limit else None

    def scan(self, after: Item | None, page_size: int) -> tuple[list[tuple[str, int]], Item | None]:
        """A page of (order id, sequence) of all rows, and the key to go on after (None at the end)."""
        start = {"ExclusiveStartKey": after} if after else {}
        page = self.client.scan(
            TableName=self.table,
            ConsistentRead=True,
            ProjectionExpression="order_id, #sequence",
            ExpressionAttributeNames={"#sequence": "sequence"},
            Limit=page_size,
            **start,
        )
        rows = [from_item(item) for item in page["Items"]]
        return [(row["order_id"], row["sequence"]) for row in rows], page.get("LastEvaluatedKey")

    def _if_condition_holds(self, write: Any, **arguments: Any) -> bool:
        from botocore.exceptions import ClientError

        try:
            write(TableName=self.table, **arguments)
        except ClientError as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True


def _partner_status(partner_id: str, status: Status) -> str:
    return f"{partner_id}#{status.value}"
