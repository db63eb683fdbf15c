"""Which messages of a batch are deleted, and the record that a function gets of a message."""

import json
from typing import Any

import pytest

from scripts.local.sources.queue_batches import processed, record

BATCH: list[dict[str, Any]] = [{"messageId": name} for name in "abc"]


def ids(payload: object, *, failed: bool = False, partial: bool = True) -> str:
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return "".join(item["messageId"] for item in processed(BATCH, content, failed=failed, partial=partial))


@pytest.mark.parametrize(
    "nothing_failed", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"other": 1}]
)
def test_an_answer_without_failures_is_a_success(nothing_failed: object) -> None:
    assert ids(nothing_failed) == "abc"


def test_what_is_not_reported_is_done() -> None:
    assert ids({"batchItemFailures": [{"itemIdentifier": "b"}]}) == "ac"


@pytest.mark.parametrize(
    "malformed",
    [
        b"no JSON",
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"id": "b"}]},
        {"batchItemFailures": [{"itemIdentifier": "unknown"}]},
    ],
)
def test_a_malformed_answer_fails_the_batch(malformed: object) -> None:
    assert ids(malformed) == ""


def test_without_partial_responses_only_an_error_counts() -> None:
    report = {"batchItemFailures": [{"itemIdentifier": "b"}]}
    assert ids(report, partial=False) == "abc"
    assert ids(report, failed=True, partial=False) == ""
    assert ids(report, failed=True) == ""


def test_the_record_has_lambda_s_names() -> None:
    message = {
        "MessageId": "m",
        "ReceiptHandle": "r",
        "Body": "text",
        "MD5OfBody": "md5",
        "MD5OfMessageAttributes": "md5a",
        "Attributes": {"SentTimestamp": "1"},
        "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "x"}},
    }
    assert record(message, "arn:aws:sqs:eu-west-1:1:q") == {
        "messageId": "m",
        "receiptHandle": "r",
        "body": "text",
        "attributes": {"SentTimestamp": "1"},
        "messageAttributes": {
            "kind": {"dataType": "String", "stringValue": "x", "stringListValues": [], "binaryListValues": []}
        },
        "md5OfBody": "md5",
        "md5OfMessageAttributes": "md5a",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:1:q",
        "awsRegion": "eu-west-1",
    }
