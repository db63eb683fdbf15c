"""Messages of failure queues as SQS answers them."""

import json
from typing import Any

from scripts.oncall.redrive.topology import FailureQueue

ORDER = "ord_01M84K3JHJ5SQ1E92PA1WG48RR"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:tradepost-dev-orders-replay:live"
STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/tradepost-dev-order-events/stream/2026-01-01T00:00:00.000"


def queue(name: str = "failures", **fields: Any) -> FailureQueue:
    return FailureQueue(name, f"https://sqs/{name}", f"arn:aws:sqs:eu-west-1:123456789012:{name}", **fields)


def message(body: object, attributes: dict[str, str] | None = None, **system: str) -> dict[str, Any]:
    return {
        "MessageId": system.pop("id", "0c9a4a4e-0000-4000-8000-000000000001"),
        "ReceiptHandle": "receipt",
        "Body": body if isinstance(body, str) else json.dumps(body),
        "Attributes": {"SentTimestamp": "1767225600000", "ApproximateReceiveCount": "1", **system},
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in (attributes or {}).items()
        },
    }


def invocation_record(error_message: str = "no", **more: Any) -> dict[str, Any]:
    """What Lambda sends of an asynchronous invocation that failed."""
    return {
        "version": "1.0",
        "timestamp": "2026-01-01T00:00:00.000Z",
        "requestContext": {
            "requestId": "req-1",
            "functionArn": FUNCTION,
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"order_id": ORDER},
        "responseContext": {"statusCode": 200, "executedVersion": "7", "functionError": "Unhandled"},
        "responsePayload": {"errorType": "ValueError", "errorMessage": error_message},
        **more,
    }


def pointer(**more: Any) -> dict[str, Any]:
    """What Lambda sends of a stream's batch that failed for good."""
    return {
        "version": "1.0",
        "timestamp": "2026-01-01T00:00:05.000Z",
        "requestContext": {
            "requestId": "req-2",
            "functionArn": FUNCTION,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 11,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "7", "functionError": "Unhandled"},
        "DDBStreamBatchInfo": {
            "shardId": "shardId-1",
            "startSequenceNumber": "000100",
            "endSequenceNumber": "000101",
            "approximateArrivalOfFirstRecord": "2026-01-01T00:00:01Z",
            "approximateArrivalOfLastRecord": "2026-01-01T00:00:02Z",
            "batchSize": 2,
            "streamArn": STREAM,
        },
        **more,
    }
