"""The event table: an append-only list per order, and the stored answers that are written with it.

Importing pulls in nothing of AWS; the client is the caller's.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from shared import tracing
from shared.aws import error_code, is_throttling
from shared.dynamodb import Item, to_attribute, to_item
from shared.events import Event, event_from_item
from shared.idempotency import Record, read_record

ATTEMPTS = 8
FIRST_DELAY_SECONDS = 0.02
LONGEST_DELAY_SECONDS = 0.5
PATIENCE_SECONDS = 5.0
"""No attempt begins later than this after the first: a refusal may take botocore seconds, with attempts of its own."""


class ConcurrentAppendError(Exception):
    """Another event took this position in the order first; read the order again and decide anew."""


class StoreBusyError(Exception):
    """DynamoDB kept refusing because of other transactions or throttling; the caller may try later."""


class AnswerStoredError(Exception):
    """The request was answered before; nothing was written."""

    def __init__(self, record: Record) -> None:
        super().__init__(record.key)
        self.record = record


@dataclass(frozen=True, slots=True)
class EventStore:
    """Reads and appends events. ``sleep`` waits between the attempts of an append, ``clock`` tells seconds."""

    client: Any
    table: str
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

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
        (``now`` in epoch seconds decides whether that is too old to count), StoreBusyError after ATTEMPTS refusals or
        PATIENCE_SECONDS of them.
        """
        items = [self._put(event)]
        if record is not None:
            items.append(record.put(record_table, now))
        with tracing.span("event_store.append", order_id=event.order_id, sequence=event.sequence):
            self._transact(items)

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

    def _transact(self, items: list[dict[str, Any]]) -> None:
        from botocore.exceptions import ClientError

        give_up_at = self.clock() + PATIENCE_SECONDS
        for attempt in range(ATTEMPTS):
            if attempt:
                longest = min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** (attempt - 1))
                self.sleep(longest * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
                if self.clock() > give_up_at:
                    break
            try:
                self.client.transact_write_items(TransactItems=items)
            except ClientError as error:
                _raise_if_final(error)
            else:
                return
        raise StoreBusyError("the transaction was refused again and again")


_BUSY_REASONS = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


def _raise_if_final(error: Any) -> None:
    """Return if the transaction is worth another attempt; raise what the refusal means otherwise."""
    if is_throttling(error) or error_code(error) == "TransactionInProgressException":
        return
    if error_code(error) != "TransactionCanceledException":
        raise error
    event_reason, *record_reason = error.response["CancellationReasons"]
    if record_reason and record_reason[0]["Code"] == "ConditionalCheckFailed":
        raise AnswerStoredError(read_record(record_reason[0]["Item"])) from None
    if event_reason["Code"] == "ConditionalCheckFailed":
        raise ConcurrentAppendError from None
    if not any(reason["Code"] in _BUSY_REASONS for reason in (event_reason, *record_reason)):
        raise error
