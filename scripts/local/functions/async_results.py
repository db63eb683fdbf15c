"""What becomes of an asynchronous invocation that has ended: destinations by qualifier, and the dead-letter queue."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scripts.local import engine, roles
from scripts.local.functions import aliases, destinations
from scripts.local.functions.event_invoke_configs import Settings
from scripts.local.functions.functions import Result
from scripts.local.functions.invocations import Source

_ERROR_MESSAGE_BYTES = 1024
Submit = Callable[[str, str | None, Any, Source], str]
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


def tell(ended: Ended, settings: Settings, submit: Submit) -> list[str]:
    """Send the invocation record to the destination, and a failed event as it came to the dead-letter queue.

    Returns the metrics of what could not be delivered.
    """
    base = engine.service("lambda_svc")._functions.get(ended.function)
    if base is None:
        return []
    version = ended.result.executed_version if ended.result else "$LATEST"
    config = (base["versions"].get(version) or base)["config"]
    success = ended.condition is Condition.SUCCESS
    failures = []
    destination = settings.on_success if success else settings.on_failure
    if destination and not _to_destination(destination, invocation_record(ended), config["Role"], submit):
        failures.append("DestinationDeliveryFailures")
    dead_letter = (config.get("DeadLetterConfig") or {}).get("TargetArn")
    if dead_letter and not success:
        attributes = dead_letter_attributes(ended)
        if not destinations.deliver(dead_letter, json.dumps(ended.payload), config["Role"], attributes):
            failures.append("DeadLetterErrors")
    return failures


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


def _to_destination(arn: str, record: dict[str, Any], role: str, submit: Submit) -> bool:
    service = arn.split(":")[2]
    action = {"lambda": "lambda:InvokeFunction", "events": "events:PutEvents"}.get(service)
    if action is None:
        return destinations.send(arn, record, role)
    if not roles.allows(role, action, arn):
        logger.warning("destination %s not reached: %s lacks %s", arn, role, action)
        return False
    if service == "events":
        return _put_event(arn, record)
    submit(*aliases.split_reference(arn), record, Source.SERVICE)
    return True


def _put_event(arn: str, record: dict[str, Any]) -> bool:
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
    reached = status < 300 and not json.loads(answer)["FailedEntryCount"]
    if not reached:
        logger.warning("destination %s not reached: %s", arn, answer.decode(errors="replace")[:200])
    return reached
