"""The table of stored answers, read; they are written in the transaction of what they answer for (event_store.py).

Importing pulls in nothing of AWS; the client is the caller's.
"""

from dataclasses import dataclass
from typing import Any

from shared.dynamodb import to_item
from shared.idempotency import Record, read_record


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """The rows of the table orders-idempotency."""

    client: Any
    table: str

    def find(self, key: str, now: int) -> Record | None:
        """The record of this key, strongly consistent; None if there is none that counts (``now`` in epoch seconds)."""
        found = self.client.get_item(TableName=self.table, Key=to_item({"idempotency_key": key}), ConsistentRead=True)
        item = found.get("Item")
        # TTL deletes late: a record past its time is absent.
        return None if item is None or int(item["expires_at"]["N"]) <= now else read_record(item)
