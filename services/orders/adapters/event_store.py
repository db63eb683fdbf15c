"""The event table: an append-only list per order, and the stored answers that are written with it.

Importing pulls in nothing of AWS; the client is the caller's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared import tracing, transactions
from shared.aws import is_throttling
from shared.dynamodb import Item, to_attribute, to_item
from shared.events import Event, event_from_item
from shared.idempotency import AnswerStoredError, Record, read_record
from shared.transactions import DEFAULT_PATIENCE, BusyError, Patience, RefusedError


class ConcurrentAppendError(Exception):
    """Another event took this position in the order first; read the order again and decide anew."""


class StoreBusyError(BusyError):
    """The event table was busy for longer than an append waits; the caller may try later."""


@dataclass(frozen=True, slots=True)
class EventStore:
    """Reads and appends events; ``patience`` is that of an append."""

    client: Any
    table: str
    patience: Patience = DEFAULT_PATIENCE

    def load(self, order_id: str) -> list[Event]:
        """Every event of the order, oldest first, strongly consistent; [] if there is no such order.

        Raises StoreBusyError.
        """
        from botocore.exceptions import ClientError

        with tracing.span("event_store.load", order_id=order_id):
            try:
                return [event_from_item(item) for item in self._query(order_id)]
            except ClientError as error:
                if is_throttling(error):
                    raise StoreBusyError("reading was refused again and again") from error
                raise

    def append(self, event: Event, record: Record | None = None, record_table: str = "", now: int = 0) -> None:
        """Add the event at its place and, in the same transaction, the answer to the request that caused it.

        Raises ConcurrentAppendError if the place is taken, AnswerStoredError if the request has its answer already
        (``now`` in epoch seconds decides whether that is too old to count), StoreBusyError when patience ends.
        """
        items = [self._put(event)]
        if record is not None:
            items.append(record.put(record_table, now))
        with tracing.span("event_store.append", order_id=event.order_id, sequence=event.sequence):
            try:
                transactions.write(self.client, items, self.patience)
            except BusyError as busy:
                raise StoreBusyError(*busy.args) from None
            except RefusedError as refused:
                answered = refused.stored(1) if record is not None else None
                raise (AnswerStoredError(read_record(answered)) if answered else ConcurrentAppendError()) from None

    def first_events(self, after: Item | None, page_size: int) -> tuple[list[str], Item | None]:
        """A page of a scan for the ids of all orders, and the key to go on after (None at the end)."""
        start = {"ExclusiveStartKey": after} if after else {}
        page = self.client.scan(
            TableName=self.table,
            ConsistentRead=True,
            FilterExpression="#sequence = :first",
            ProjectionExpression="order_id",
            ExpressionAttributeNames={"#sequence": "sequence"},
            ExpressionAttributeValues={":first": to_attribute(1)},
            Limit=page_size,
            **start,
        )
        return [item["order_id"]["S"] for item in page["Items"]], page.get("LastEvaluatedKey")

    def _query(self, order_id: str) -> Iterator[Item]:
        start: dict[str, Any] = {}
        while True:
            page = self.client.query(
                TableName=self.table,
                ConsistentRead=True,
                KeyConditionExpression="order_id = :order_id",
                ExpressionAttributeValues={":order_id": to_attribute(order_id)},
                **start,
            )
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _put(self, event: Event) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self.table,
                "Item": to_item(event.to_dict()),
                "ConditionExpression": "attribute_not_exists(order_id)",
            }
        }
