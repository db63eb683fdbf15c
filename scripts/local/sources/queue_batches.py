"""What Lambda makes of a batch of queue messages, and which of them are done when the function has answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scripts.local.settings import REGION
from scripts.local.sources.stream_batches import reported_failures

Message = dict[str, Any]
Record = dict[str, Any]


def record(message: Message, queue_arn: str) -> Record:
    """The record of a received message, in the shape of Lambda's SQS event."""
    attributes = message.get("MessageAttributes") or {}
    found = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes") or {},
        "messageAttributes": {name: _attribute(value) for name, value in attributes.items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }
    if "MD5OfMessageAttributes" in message:
        found["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return found


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    values = {name[0].lower() + name[1:]: content for name, content in value.items()}
    return {"stringListValues": [], "binaryListValues": [], **values}


def processed(records: Sequence[Record], payload: bytes, *, failed: bool, partial: bool) -> list[Record]:
    """The records to delete from the queue: all, none, or those that a partial batch response does not name."""
    if failed:
        return []
    if not partial:
        return list(records)
    failures = reported_failures(payload)
    if failures is None or not set(failures) <= {item["messageId"] for item in records}:
        return []
    return [item for item in records if item["messageId"] not in failures]
