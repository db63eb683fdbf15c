"""AWS/States metrics of executions, with the dimension StateMachineArn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from scripts.local.cloudwatch.metrics import MetricStore

NAMESPACE = "AWS/States"
_COUNTS = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


class WorkflowMetrics:
    """Counts starts and ends, and how long an execution took (ExecutionTime, ms)."""

    def __init__(self, store: MetricStore) -> None:
        self._store = store

    def started(self, execution: dict[str, Any]) -> None:
        self._record(execution, "ExecutionsStarted", 1.0, "Count")

    def ended(self, execution: dict[str, Any]) -> None:
        self._record(execution, _COUNTS[execution["status"]], 1.0, "Count")
        took = _seconds(execution["stopDate"]) - _seconds(execution["startDate"])
        self._record(execution, "ExecutionTime", took * 1000, "Milliseconds")

    def _record(self, execution: dict[str, Any], name: str, value: float, unit: str) -> None:
        dimensions = {"StateMachineArn": execution["stateMachineArn"]}
        self._store.record(NAMESPACE, name, value, unit, dimensions)


def _seconds(timestamp: str | float) -> float:
    return datetime.fromisoformat(timestamp).timestamp() if isinstance(timestamp, str) else float(timestamp)
