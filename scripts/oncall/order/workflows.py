"""Executions of an order in every state machine of the stack: found by their name or by their input."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripts.oncall.order.timeline import Entry
from shared.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_LOOKED_AT = 1000
"""Executions whose input is read, per state machine, when no name has the order's id in it."""

_CAUSE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution; `name` is <state machine>/<execution>, without the stack's name."""

    arn: str
    name: str
    status: str


def find(client: Any, prefix: str, order_id: str, began: float) -> tuple[list[Execution], bool]:
    """Return the order's executions, and whether all were looked at that may be its own.

    Args:
        client: boto3's, of Step Functions.
        prefix: what the names of the stack's state machines begin with.
        order_id: what to look for.
        began: Unix seconds before which none of its executions started.
    """
    found: list[Execution] = []
    complete = True
    for machine in machines(client, prefix):
        short = machine["name"].removeprefix(prefix)
        looked_at = 0
        for one in _since(client, machine["stateMachineArn"], began):
            mine = order_id in one["name"]
            if not mine and looked_at < MOST_LOOKED_AT:
                looked_at += 1
                described = client.describe_execution(executionArn=one["executionArn"])
                mine = order_id in described.get("input", "")
            if mine:
                found.append(Execution(one["executionArn"], f"{short}/{one['name']}", one["status"]))
        complete = complete and looked_at < MOST_LOOKED_AT
    return found, complete


def machines(client: Any, prefix: str) -> list[dict[str, Any]]:
    """Return the standard state machines of the stack; express ones keep no executions, only logs."""
    pages = client.get_paginator("list_state_machines").paginate()
    found = [one for page in pages for one in page["stateMachines"] if one["name"].startswith(prefix)]
    return [one for one in found if one["type"] == "STANDARD"]


def _since(client: Any, arn: str, began: float) -> Iterator[dict[str, Any]]:
    """The executions that started since, the newest first."""
    for page in client.get_paginator("list_executions").paginate(stateMachineArn=arn):
        for one in page["executions"]:
            if one["startDate"].timestamp() < began:
                return
            yield one


def entries(client: Any, execution: Execution) -> list[Entry]:
    """Return what happened in an execution: its states, its failures and its end."""
    place = f"workflow {execution.name.partition('/')[0]}"
    pages = client.get_paginator("get_execution_history").paginate(executionArn=execution.arn)
    found = []
    for page in pages:
        for event in page["events"]:
            text, bad = _told(event)
            if text:
                found.append(Entry(event["timestamp"].timestamp(), place, text, bad=bad))
    return found


def _told(event: dict[str, Any]) -> tuple[str, bool]:
    kind = str(event["type"])
    details: dict[str, Any] = next((value for name, value in event.items() if name.endswith("EventDetails")), {})
    if kind.endswith("StateEntered"):
        return f"enters {details['name']}", False
    if kind in ("ExecutionStarted", "ExecutionSucceeded"):
        return kind.removeprefix("Execution").lower(), False
    if kind.endswith(("Failed", "TimedOut", "Aborted")):
        error = ": ".join(
            filter(None, (details.get("error"), error_message(details.get("cause") or "")[:_CAUSE_LENGTH]))
        )
        return scrub(f"{kind} {error}".strip()), True
    return "", False


def error_message(cause: str) -> str:
    """Return the message of a function's error, which comes as JSON, or the cause as it is."""
    try:
        parsed = json.loads(cause)
    except ValueError:
        return cause
    return str(parsed.get("errorMessage", cause)) if isinstance(parsed, dict) else cause
