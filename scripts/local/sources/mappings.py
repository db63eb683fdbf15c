"""What event source mappings have in common: filters, the role that polls, and what Lambda refuses when one is made."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from scripts.local import engine, roles
from scripts.local.functions import aliases
from scripts.local.functions.aliases import FunctionNotFoundError
from scripts.local.functions.functions import REQUEST_LIMIT_BYTES

STREAM_ACTIONS = ("dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords")
QUEUE_ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_STREAM_BATCH_SIZE = 100
_QUEUE_BATCH_SIZE = 10


def matches(record: dict[str, Any], mapping: dict[str, Any]) -> bool:
    """Whether a record passes the mapping's filter criteria (any of its patterns)."""
    patterns = [item["Pattern"] for item in (mapping.get("FilterCriteria") or {}).get("Filters") or []]
    rules = engine.service("eventbridge")
    return not patterns or any(
        rules._matches_detail(record, alternative)
        for pattern in patterns
        for alternative in rules._compile_pattern(json.loads(pattern))
    )


def split_by_size[T](items: list[T], record: Callable[[T], dict[str, Any]]) -> list[list[T]]:
    """Batches whose event stays under Lambda's 6 MB."""
    parts: list[list[T]] = []
    size = 0
    for item in items:
        length = len(json.dumps(record(item), ensure_ascii=False).encode()) + 2
        if not parts or size + length > REQUEST_LIMIT_BYTES - 1024:
            parts.append([])
            size = 0
        parts[-1].append(item)
        size += length
    return parts


def configuration(mapping: dict[str, Any]) -> dict[str, Any]:
    """The configuration of the version that the mapping would invoke now; empty when it is gone."""
    try:
        return aliases.resolve(*aliases.split_reference(str(mapping.get("FunctionArn", "")))).config
    except FunctionNotFoundError:
        return {}


def role(mapping: dict[str, Any]) -> str:
    """The execution role, which polls the source and writes to the failure destination."""
    return str(configuration(mapping).get("Role", ""))


def may_poll(mapping: dict[str, Any], actions: tuple[str, ...]) -> bool:
    """Whether the execution role may poll the source; the mapping says what it lacks."""
    lacking = missing_actions(mapping, actions)
    if lacking:
        mapping["LastProcessingResult"] = f"PROBLEM: the execution role lacks {', '.join(lacking)} on the source"
    return not lacking


def missing_actions(mapping: dict[str, Any], actions: tuple[str, ...]) -> list[str]:
    arn, source = role(mapping), mapping["EventSourceArn"]
    return [action for action in actions if not roles.allows(arn, action, source)]


def with_defaults(request: dict[str, Any]) -> dict[str, Any]:
    """A CreateEventSourceMapping request with Lambda's default batch size for its source."""
    size = _STREAM_BATCH_SIZE if ":dynamodb:" in request.get("EventSourceArn", "") else _QUEUE_BATCH_SIZE
    return {"BatchSize": size, **request}


def with_metrics(request: dict[str, Any], answer: Any) -> Any:
    """The answer to a request that made or changed a mapping, its MetricsConfig kept, which ministack drops."""
    if answer[0] >= 300 or "MetricsConfig" not in request:
        return answer
    content = json.loads(answer[2]) | {"MetricsConfig": request["MetricsConfig"]}
    engine.service("lambda_svc")._esms[content["UUID"]]["MetricsConfig"] = request["MetricsConfig"]
    return answer[0], answer[1], json.dumps(content).encode()


def counts_events(mapping: dict[str, Any]) -> bool:
    return "EventCount" in ((mapping.get("MetricsConfig") or {}).get("Metrics") or ())


def is_polled(mapping: dict[str, Any]) -> bool:
    """Whether Lambda polls for the mapping now: it is enabled, and its function's role may read the source."""
    actions = STREAM_ACTIONS if ":dynamodb:" in mapping["EventSourceArn"] else QUEUE_ACTIONS
    return bool(mapping.get("Enabled", True)) and may_poll(mapping, actions)


def refusal(mapping: dict[str, Any]) -> str | None:
    """Why Lambda does not accept a mapping with these settings, in its words; None when it does."""
    source = mapping.get("EventSourceArn", "")
    if ":dynamodb:" in source and configuration(mapping) and missing_actions(mapping, STREAM_ACTIONS):
        return (
            f"Cannot access stream {source}. Please ensure the role can perform the GetRecords, GetShardIterator, "
            "DescribeStream, and ListStreams Actions on your stream in IAM."
        )
    return _queue_refusal(mapping)


def _queue_refusal(mapping: dict[str, Any]) -> str | None:
    queue = engine.service("sqs")._queue_by_arn(mapping.get("EventSourceArn", ""))
    if queue is None:
        return None
    size, window = int(mapping.get("BatchSize") or 10), int(mapping.get("MaximumBatchingWindowInSeconds") or 0)
    if queue["is_fifo"] and window:
        return "Batching window is not supported for FIFO queues."
    if queue["is_fifo"] and size > _QUEUE_BATCH_SIZE:
        return "Batch size must be between 1 and 10 for FIFO queues."
    if size > _QUEUE_BATCH_SIZE and not window:
        return "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
    return _function_refusal(mapping, int(queue["attributes"]["VisibilityTimeout"]))


def _function_refusal(mapping: dict[str, Any], visibility_timeout: int) -> str | None:
    config = configuration(mapping)
    if not config:
        return None
    timeout = int(config.get("Timeout") or 3)
    if visibility_timeout < timeout:
        return (
            f"Queue visibility timeout: {visibility_timeout} seconds is less than Function timeout: {timeout} seconds"
        )
    for action in missing_actions(mapping, QUEUE_ACTIONS):
        return f"The provided execution role does not have permissions to call {action.removeprefix('sqs:')} on SQS"
    return None
