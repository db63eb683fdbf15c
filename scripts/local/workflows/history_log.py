"""An execution's history in CloudWatch Logs, as the state machine's logging configuration asks for it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from scripts.local import engine
from scripts.local.functions import function_logs

_FATAL = {"ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"}
_ERRORS = _FATAL | {
    "ActivityFailed",
    "ActivityTimedOut",
    "FailStateEntered",
    "LambdaFunctionFailed",
    "LambdaFunctionTimedOut",
    "MapIterationAborted",
    "MapIterationFailed",
    "MapStateAborted",
    "MapStateFailed",
    "ParallelStateAborted",
    "ParallelStateFailed",
    "TaskFailed",
    "TaskStartFailed",
    "TaskSubmitFailed",
    "TaskTimedOut",
}
_DATA = ("input", "output", "cause")
"""What a log holds only with includeExecutionData; an error's name is always there."""


class HistoryLog:
    """Writes one JSON line per history event."""

    def write(self, execution: dict[str, Any], event: dict[str, Any]) -> None:
        machine = engine.service("stepfunctions")._state_machines.get(execution["stateMachineArn"]) or {}
        logging = machine.get("loggingConfiguration") or {}
        group = group_name(logging)
        if group is None or not _is_logged(str(logging.get("level")), event["type"]):
            return
        at = int(datetime.fromisoformat(event["timestamp"]).timestamp() * 1000)
        line = {
            "id": str(event["id"]),
            "type": event["type"],
            "details": _details(event, with_data=bool(logging.get("includeExecutionData"))),
            "redrive_count": "0",
            "previous_event_id": str(event["id"] - 1),
            "event_timestamp": str(at),
            "execution_arn": execution["executionArn"],
        }
        function_logs.write(group, _stream(execution, machine["name"]), [(at, json.dumps(line))])


def group_name(logging: dict[str, Any]) -> str | None:
    """The log group of a logging configuration, unless it has none or logging is off."""
    destinations = logging.get("destinations") or []
    if logging.get("level", "OFF") == "OFF" or not destinations:
        return None
    arn: str = destinations[0]["cloudWatchLogsLogGroup"]["logGroupArn"]
    return arn.removesuffix(":*").partition(":log-group:")[2]


def _is_logged(level: str, kind: str) -> bool:
    return level == "ALL" or kind in {"ERROR": _ERRORS, "FATAL": _FATAL}.get(level, set())


def _details(event: dict[str, Any], *, with_data: bool) -> dict[str, Any]:
    found: dict[str, Any] = next((value for name, value in event.items() if name.endswith("EventDetails")), {})
    if not with_data:
        return {name: value for name, value in found.items() if name not in _DATA}
    truncated = {f"{name}Details": {"truncated": False} for name in ("input", "output") if name in found}
    return {**found, **truncated}


def _stream(execution: dict[str, Any], machine: str) -> str:
    started = datetime.fromisoformat(execution["startDate"])
    digest = hashlib.sha256(execution["executionArn"].encode()).hexdigest()[:8]
    return f"states/{machine}/{started:%Y-%m-%d-%H-%M}/{digest}"
