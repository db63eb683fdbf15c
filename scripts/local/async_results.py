"""What becomes of an asynchronous invocation that has ended: destinations by qualifier, and the dead-letter queue."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scripts.local import aliases, destinations, engine, roles
from scripts.local.event_invoke_configs import Settings
from scripts.local.functions import Result
from scripts.local.invocations import Source

_ERROR_MESSAGE_BYTES = 1024
logger = logging.getLogger("tradepost.async_invocations")


class Condition(StrEnum):
    """Why an event is done with."""

    SUCCESS = "Success"
    RETRIES_EXHAUSTED = "RetriesExhausted"
    EVENT_AGE_EXCEEDED = "EventAgeExceeded"
    ZERO_RESERVED_CONCURRENCY = "ZeroReservedConcurrency"


@dataclass(frozen=True, slots=True)
class Ended:
    """An event that will not run again; `result` is that of its last attempt, None when the last one is unknown."""

    function: str
    qualifier: str | None
    payload: Any
    request_id: str
    attempts: int
    condition: Condition
    result: Result | None


def tell(ended: Ended, settings: Settings, submit: Callable[[str, str | None, Any, Source], str]) -> None:
    """Send the invocation record to the destination, and a failed event as it came to the dead-letter queue."""
    base = engine.service("lambda_svc")._functions.get(ended.function)
    if base is None:
        return
    version = ended.result.executed_version if ended.result else "$LATEST"
    config = (base["versions"].get(version) or base)["config"]
    success = ended.condition is Condition.SUCCESS
    destination = settings.on_success if success else settings.on_failure
    if destination:
        _to_destination(destination, invocation_record(ended), config["Role"], submit)
    dead_letter = (config.get("DeadLetterConfig") or {}).get("TargetArn")
    if dead_letter and not success:
        attributes = dead_letter_attributes(ended)
        destinations.deliver(dead_letter, json.dumps(ended.payload), config["Role"], attributes)


def invocation_record(ended: Ended) -> dict[str, Any]:
    """AWS's invocation record, version 1.0; what no attempt answered is not in it."""
    functions, result = engine.service("lambda_svc"), ended.result
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": destinations.timestamp(time.time(), fraction=True),
        "requestContext": {
            "requestId": ended.request_id,
            "functionArn": f"{functions._func_arn(ended.function)}:{ended.qualifier or '$LATEST'}",
            "condition": ended.condition,
            "approximateInvokeCount": ended.attempts,
        },
        "requestPayload": ended.payload,
    }
    if result is None:
        return record
    record["responseContext"] = {
        "statusCode": 429 if result.throttle else 200,
        "executedVersion": result.executed_version,
        **({"functionError": "Unhandled"} if result.failed and not result.throttle else {}),
    }
    record["responsePayload"] = json.loads(result.payload)
    return record


def dead_letter_attributes(ended: Ended) -> dict[str, Any]:
    """RequestID, ErrorCode (the HTTP status) and ErrorMessage (its first 1 KB) of a dead-letter message."""
    result = ended.result
    answer = json.loads(result.payload) if result else {}
    text = answer.get("errorMessage") or answer.get("message") if isinstance(answer, dict) else None
    message = str(text or ended.condition).encode()[:_ERROR_MESSAGE_BYTES].decode(errors="ignore")
    return {
        "RequestID": {"DataType": "String", "StringValue": ended.request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": "429" if result and result.throttle else "200"},
        "ErrorMessage": {"DataType": "String", "StringValue": message},
    }


def _to_destination(
    arn: str, record: dict[str, Any], role: str, submit: Callable[[str, str | None, Any, Source], str]
) -> None:
    service = arn.split(":")[2]
    if service == "lambda":
        if roles.allows(role, "lambda:InvokeFunction", arn):
            submit(*aliases.split_reference(arn), record, Source.SERVICE)
        else:
            logger.warning("destination %s not reached: %s lacks lambda:InvokeFunction", arn, role)
    elif service == "events":
        _put_event(arn, record, role)
    else:
        destinations.send(arn, record, role)


def _put_event(arn: str, record: dict[str, Any], role: str) -> None:
    if not roles.allows(role, "events:PutEvents", arn):
        logger.warning("destination %s not reached: %s lacks events:PutEvents", arn, role)
        return
    context = record["requestContext"]
    how = "Success" if context["condition"] == Condition.SUCCESS else "Failure"
    entry = {
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {how}",
        "Detail": json.dumps(record),
        "Resources": [arn, context["functionArn"]],
        "EventBusName": arn.rsplit("/", 1)[-1],
    }
    status, answer = destinations.call("events", "AWSEvents.PutEvents", {"Entries": [entry]})
    if status >= 300 or json.loads(answer)["FailedEntryCount"]:
        logger.warning("destination %s not reached: %s", arn, answer.decode(errors="replace")[:200])
