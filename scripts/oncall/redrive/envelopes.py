"""Messages of failure queues, taken apart: each way to fail has an envelope of its own. Pure.

| kind | who puts it there | the body is |
|---|---|---|
| queue | SQS, after too many receives | the message as it was sent |
| rule | EventBridge | the event; attributes RULE_ARN, TARGET_ARN, ERROR_CODE |
| schedule | EventBridge Scheduler | the target's input; attributes SCHEDULE_ARN, TARGET_ARN, ERROR_CODE |
| async | Lambda, an asynchronous invocation | an invocation record with the event in requestPayload |
| stream | Lambda, a batch of a DynamoDB stream | a pointer (DDBStreamBatchInfo): shard and sequence numbers, no data |
| workflow | nobody: a failed execution is its own record (executions.py) | its input, error and cause |
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scripts.oncall.redrive.topology import FailureQueue

type Message = dict[str, Any]
"""A message as ReceiveMessage answers it, with all of its attributes."""


class Kind(StrEnum):
    """How it failed, and so where a replay goes."""

    QUEUE = "queue"
    RULE = "rule"
    SCHEDULE = "schedule"
    ASYNC = "async"
    STREAM = "stream"
    WORKFLOW = "workflow"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Failure:
    """One message. `origin` is where a replay goes, `body` its parsed JSON (the text itself when it is none).

    `cause` is the same for messages that failed alike: ids and numbers are left out of it. `request_id` finds the log
    lines of the last attempt, "" if the envelope does not tell it.
    """

    queue: FailureQueue
    message: Message
    kind: Kind
    origin: str
    cause: str
    failed_at: datetime
    attempts: int
    body: Any
    request_id: str = ""

    @property
    def id(self) -> str:
        return str(self.message["MessageId"])

    @property
    def text(self) -> str:
        """All that a person may look for in it."""
        return f"{self.message['Body']} {json.dumps(attributes(self.message))}"

    @property
    def about(self) -> str:
        """The orders that it names, at most three."""
        found = list(dict.fromkeys(_ORDER.findall(self.text)))
        return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")


_ORDER = re.compile(r"ord_[0-9A-HJKMNP-TV-Z]{26}")
_VARYING = re.compile(
    r"[a-z]{2,4}_[0-9A-HJKMNP-TV-Z]{26}"  # our ids
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{16,}\b"  # UUIDs, traces, digests
    r"|\b\d+(?:\.\d+)?\b",
)
_CAUSE_LENGTH = 110


def attributes(message: Message) -> dict[str, str]:
    """Return the message's own attributes by name, as text."""
    found = message.get("MessageAttributes") or {}
    return {name: str(one.get("StringValue", "(binary)")) for name, one in found.items()}


def parse(queue: FailureQueue, message: Message) -> Failure:
    """Take one message apart; what has no known envelope is of kind UNKNOWN."""
    try:
        body = json.loads(message["Body"])
    except ValueError:
        body = message["Body"]
    own = attributes(message)
    system = message.get("Attributes") or {}
    received = int(system.get("ApproximateReceiveCount", 1))
    sent = datetime.fromtimestamp(int(system.get("SentTimestamp", 0)) / 1000, UTC)
    if "TARGET_ARN" in own and ("RULE_ARN" in own or "SCHEDULE_ARN" in own):
        kind = Kind.RULE if "RULE_ARN" in own else Kind.SCHEDULE
        attempts = int(own.get("RETRY_ATTEMPTS", 0)) + 1
        return Failure(queue, message, kind, own["TARGET_ARN"], _target_cause(own), sent, attempts, body)
    if (
        isinstance(body, dict)
        and isinstance(body.get("requestContext"), dict)
        and "condition" in body["requestContext"]
    ):
        return _lambda(queue, message, body)
    source = system.get("DeadLetterQueueSourceArn", "")
    if source or queue.sources:
        origin = source or queue.sources[0]
        name = re.split(r"[/:]", origin)[-1]
        cause = f"its consumer did not take it from {name} in the receives that it has"
        return Failure(queue, message, Kind.QUEUE, origin, cause, sent, received, body)
    return Failure(queue, message, Kind.UNKNOWN, "", "an envelope that is not known", sent, received, body)


def _lambda(queue: FailureQueue, message: Message, body: dict[str, Any]) -> Failure:
    context = body["requestContext"]
    kind = Kind.STREAM if "DDBStreamBatchInfo" in body else Kind.ASYNC if "requestPayload" in body else Kind.UNKNOWN
    return Failure(
        queue,
        message,
        kind,
        str(context.get("functionArn", "")),
        _lambda_cause(context["condition"], body.get("responseContext") or {}, body.get("responsePayload")),
        datetime.fromisoformat(body["timestamp"]).astimezone(UTC),
        int(context.get("approximateInvokeCount", 1)),
        body,
        str(context.get("requestId", "")),
    )


def _target_cause(own: dict[str, str]) -> str:
    return alike(f"{own.get('ERROR_CODE', 'unknown error')}: {own.get('ERROR_MESSAGE', '')}")


def _lambda_cause(condition: str, context: dict[str, Any], payload: object) -> str:
    error = payload if isinstance(payload, dict) else {}
    if "errorType" in error or "errorMessage" in error:
        return alike(f"{error.get('errorType', 'error')}: {error.get('errorMessage', '')}")
    if context.get("statusCode") == 429:
        return "throttled"
    if context.get("functionError"):
        return f"the function failed ({condition})"
    # A partial batch response is an answer, not an error.
    return f"the function reported the records as failed ({condition})" if context else condition


def alike(text: str) -> str:
    """Return a text without what differs between failures of one cause, cut to a line."""
    return " ".join(_VARYING.sub("…", text).split())[:_CAUSE_LENGTH].rstrip(": ")


@dataclass(frozen=True, slots=True)
class Group:
    """Failures of one queue, kind and cause."""

    queue: str
    kind: Kind
    cause: str
    failures: tuple[Failure, ...]


def groups(failures: Iterable[Failure]) -> list[Group]:
    """Return the failures by queue, kind and cause, the largest group of each queue first."""
    members: dict[tuple[str, Kind, str], list[Failure]] = {}
    for one in failures:
        members.setdefault((one.queue.name, one.kind, one.cause), []).append(one)
    ordered = sorted(members, key=lambda key: (key[0], -len(members[key]), key[2]))
    return [Group(*key, tuple(members[key])) for key in ordered]
