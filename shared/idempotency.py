"""Idempotency records: the answer to a request, stored in the transaction that does the work. Standard library only.

The caller puts `IdempotencyRecord.put()` beside its own writes into one TransactWriteItems. If the record is there
already, DynamoDB refuses the whole transaction and hands the stored record back: `read_record` reads it.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from shared.dynamodb import Item, from_item, to_item

LIFETIME_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, kept as text so that a repeat gets the very same bytes."""

    status: int
    body: str
    location: str


class KeyReusedError(Exception):
    """The Idempotency-Key came with another request before."""


class AnswerStoredError(Exception):
    """The request was answered before; nothing was written."""

    def __init__(self, record: "Record") -> None:
        super().__init__(record.key)
        self.record = record


@dataclass(frozen=True, slots=True)
class Record:
    """``key`` is ``<partner_id>#<operation>#<Idempotency-Key>``; ``request_hash`` that of the body."""

    key: str
    request_hash: str
    answer: Answer

    def put(self, table: str, now: int) -> dict[str, Any]:
        """The transaction item (``now`` in epoch seconds). A record past its time counts as absent: TTL deletes late.

        On a refusal the stored record comes back in the reason (ALL_OLD).
        """
        item = {
            "idempotency_key": self.key,
            "request_hash": self.request_hash,
            "status": self.answer.status,
            "body": self.answer.body,
            "location": self.answer.location,
            "expires_at": now + LIFETIME_SECONDS,
        }
        return {
            "Put": {
                "TableName": table,
                "Item": to_item(item),
                "ConditionExpression": "attribute_not_exists(idempotency_key) OR expires_at <= :now",
                "ExpressionAttributeValues": to_item({":now": now}),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def read_record(item: Item) -> Record:
    """The record that DynamoDB handed back."""
    stored = from_item(item)
    answer = Answer(stored["status"], stored["body"], stored["location"])
    return Record(stored["idempotency_key"], stored["request_hash"], answer)


def earlier_answer(stored: Record, request_hash: str) -> Answer:
    """The answer that was stored under the request's key; raises KeyReusedError if it was that of another request."""
    if stored.request_hash != request_hash:
        raise KeyReusedError
    return stored.answer


def hash_body(body: object) -> str:
    """SHA-256 of the canonical JSON: the order of keys and white space do not make another body."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
