"""Failed executions of the stack's state machines, taken like the messages of a failure queue.

Step Functions' own redrive goes on in the definition that failed, and from a Fail state that a Catch led to it only
fails again. A replay starts the workflow anew instead, with the same input and what is released now; its steps are
idempotent by order. The new execution is named after the failed one, so that none is replayed twice, and that a
replayed one is no longer listed.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any, Self

from scripts.console import fail
from scripts.oncall.order.workflows import error_message, machines
from scripts.oncall.redrive.envelopes import Failure, Kind, alike
from scripts.oncall.redrive.topology import FailureQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.deployed import Deployed

FAILED = ("FAILED", "TIMED_OUT", "ABORTED")
DAYS = 14
"""How far back executions are looked at: as long as a failure queue keeps its messages."""

MOST = 1000
PAGE = 10


def read(stack: Deployed) -> list[FailureQueue]:
    """Return the stack's state machines as places where failures wait; `waiting` counts what was not replayed."""
    client = stack.environment.client("stepfunctions")
    aliases = {one["arn"]: one["alias_arn"] for one in stack.outputs.get("workflows", {}).values()}
    found = []
    for machine in machines(client, f"{stack.name}-"):
        arn = machine["stateMachineArn"]
        queue = FailureQueue(machine["name"], "", arn, machine=aliases.get(arn, arn))
        queue.waiting = len(list(_failed(client, queue)))
        queue.feeders = ["executions that did not succeed"]
        found.append(queue)
    return found


def replay_name(execution_arn: str) -> str:
    """Return the name of the execution that replays another one."""
    return f"redrive-{hashlib.sha256(execution_arn.encode()).hexdigest()[:24]}"


class Executions:
    """Failed executions of one state machine, with the manners of messages.Taken."""

    def __init__(self, client: Any, queue: FailureQueue) -> None:
        self._client = client
        self._queue = queue

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def pages(self, limit: int) -> Iterator[list[Failure]]:
        """Yield up to `limit` failed executions that were not replayed, in pages of at most ten."""
        found = list(_failed(self._client, self._queue))[:limit]
        for page in batched(found, PAGE, strict=False):
            yield [_failure(self._client, self._queue, one) for one in page]

    def keep(self, failure: Failure) -> None:
        """Nothing hides an execution, and its replay has one name."""

    def delete(self, failure: Failure) -> None:
        """Nothing removes an execution; one that was replayed is not listed.

        Raises:
            Failure: it was not replayed.
        """
        if not _exists(self._client, self._queue.arn, replay_name(failure.origin)):
            fail("executions cannot be deleted", f"they leave this list {DAYS} days after they failed")


def start(client: Any, failure: Failure) -> None:
    """Start the workflow anew for a failed execution; once."""
    try:
        client.start_execution(
            stateMachineArn=failure.queue.machine,
            name=replay_name(failure.origin),
            input=json.dumps(failure.body["input"]),
        )
    except client.exceptions.ExecutionAlreadyExists:
        return


def _failed(client: Any, queue: FailureQueue) -> Iterator[dict[str, Any]]:
    """The executions that failed, the oldest first, without those that were replayed."""
    since = datetime.now(UTC) - timedelta(days=DAYS)
    found: list[dict[str, Any]] = []
    for status in FAILED:
        pages = client.get_paginator("list_executions").paginate(
            stateMachineArn=queue.arn, statusFilter=status, PaginationConfig={"MaxItems": MOST}
        )
        found += [one for page in pages for one in page["executions"] if one["stopDate"] >= since]
    for one in sorted(found, key=lambda execution: execution["stopDate"]):
        if not _exists(client, queue.arn, replay_name(one["executionArn"])):
            yield one


def _exists(client: Any, machine_arn: str, name: str) -> bool:
    try:
        client.describe_execution(executionArn=f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}")
    except client.exceptions.ExecutionDoesNotExist:
        return False
    return True


def _failure(client: Any, queue: FailureQueue, execution: dict[str, Any]) -> Failure:
    described = client.describe_execution(executionArn=execution["executionArn"])
    given = json.loads(described.get("input") or "{}")
    error, cause = described.get("error") or execution["status"], described.get("cause") or ""
    body = {"status": execution["status"], "error": error, "cause": cause, "input": given}
    stopped = execution["stopDate"].astimezone(UTC)
    message = {
        "MessageId": execution["name"],
        "Body": json.dumps(body),
        "Attributes": {"SentTimestamp": str(int(stopped.timestamp() * 1000))},
    }
    told = alike(f"{error}: {error_message(cause)}")
    return Failure(queue, message, Kind.WORKFLOW, execution["executionArn"], told, stopped, 1, body)
