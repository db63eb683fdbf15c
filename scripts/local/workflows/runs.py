"""The run of an execution: its role, its time limit, and the end that reaches every thread of it at once."""

from __future__ import annotations

import contextvars
import json
import logging
import threading
from collections.abc import Callable
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

from scripts.local import engine
from scripts.local.workflows.history_log import HistoryLog
from scripts.local.workflows.metrics import WorkflowMetrics

_ENDS = ("ExecutionAborted", "ExecutionFailed", "ExecutionSucceeded", "ExecutionTimedOut")
logger = logging.getLogger("tradepost.workflows")


class Run:
    """One execution while it runs, in all its branches."""

    def __init__(self, role: str) -> None:
        self.role = role
        self._ended = False
        self._waiting: set[threading.Event] = set()

    def end(self) -> None:
        """Wake whatever waits in this run."""
        self._ended = True
        for event in list(self._waiting):
            event.set()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for an event at most so long; False when time is over. Raises when the execution ends meanwhile."""
        self._waiting.add(event)
        try:
            self.require_running()
            happened = event.wait(max(0.0, seconds))
            self.require_running()
        finally:
            self._waiting.discard(event)
        return happened

    def require_running(self) -> None:
        """Raise when the execution has ended: branches and retries of it start nothing more."""
        if self._ended:
            raise engine.service("stepfunctions")._ExecutionError("States.Aborted", "The execution has ended.")


class Runs:
    """Wraps the engine's runner: rights, TimeoutSeconds, interruptible waits, metrics and logs."""

    def __init__(self, metrics: WorkflowMetrics, log: HistoryLog) -> None:
        self._metrics = metrics
        self._log = log
        self._workflows = engine.service("stepfunctions")
        self._current: ContextVar[Run | None] = ContextVar("workflow_run", default=None)
        self._runs: dict[str, Run] = {}
        self._run_states = self._workflows._run_execution
        self._fail = self._workflows._fail_execution
        self._add_event = self._workflows._add_event
        self._tell = self._workflows._emit_execution_status_event

    def install(self) -> None:
        workflows = self._workflows
        workflows._run_execution = self._run_execution
        workflows._fail_execution = self._fail_once
        workflows._add_event = self._add_and_log
        workflows._emit_execution_status_event = self._status_changed
        workflows._start_sync_execution = _with_timeout_error(workflows._start_sync_execution)
        workflows._scaled_sleep = lambda seconds: self.wait(threading.Event(), seconds * workflows._SFN_WAIT_SCALE)
        # All that is left of time.sleep there is a fixed pause before each execution.
        time = workflows.time
        workflows.time = SimpleNamespace(time=time.time, monotonic=time.monotonic, sleep=lambda _: None)

    def current(self) -> Run | None:
        return self._current.get()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Run.wait in the current run; TestState has none."""
        run = self.current()
        return event.wait(max(0.0, seconds)) if run is None else run.wait(event, seconds)

    def _run_execution(self, arn: str) -> None:
        execution = self._workflows._executions.get(arn)
        machine = self._workflows._state_machines.get((execution or {}).get("stateMachineArn", ""))
        if execution is None or machine is None:
            self._run_states(arn)
            return
        run = self._runs[arn] = Run(machine["roleArn"])
        outside = self._current.set(run)
        self._metrics.started(execution)
        for event in execution["events"]:
            self._log.write(execution, event)
        timer = self._timer(execution, machine)
        try:
            self._run_states(arn)
        finally:
            timer.cancel()
            self._current.reset(outside)
            self._runs.pop(arn, None)

    def _timer(self, execution: dict[str, Any], machine: dict[str, Any]) -> threading.Timer:
        """Ends the execution after the state machine's TimeoutSeconds."""
        try:
            seconds = json.loads(machine["definition"]).get("TimeoutSeconds")
        except (ValueError, AttributeError):
            seconds = None
        context = contextvars.copy_context()
        timer = threading.Timer(seconds or 0, context.run, (self._time_out, execution))
        timer.daemon = True
        if seconds:
            timer.start()
        return timer

    def _time_out(self, execution: dict[str, Any]) -> None:
        if execution["status"] != "RUNNING":
            return
        execution["status"] = "TIMED_OUT"
        execution["stopDate"] = self._workflows.now_iso()
        execution["error"] = "States.Timeout"
        self._workflows._add_event(
            execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {"error": "States.Timeout"}}
        )
        self._workflows._emit_execution_status_event(execution)

    def _fail_once(self, execution: dict[str, Any], error: str, cause: str) -> None:
        """An execution that was stopped or timed out does not fail on top of it."""
        if execution["status"] == "RUNNING":
            self._fail(execution, error, cause)

    def _add_and_log(self, execution: dict[str, Any], kind: str, details: dict[str, Any] | None = None) -> Any:
        """Nothing is added to the history of an execution that has ended."""
        if execution["status"] != "RUNNING" and kind not in _ENDS:
            return {}
        event = self._add_event(execution, kind, details)
        self._log.write(execution, event)
        return event

    def _status_changed(self, execution: dict[str, Any]) -> None:
        if execution["status"] != "RUNNING":
            run = self._runs.get(execution["executionArn"])
            if run is not None:
                run.end()
            self._metrics.ended(execution)
        self._tell(execution)


def _with_timeout_error(start: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """StartSyncExecution names the error of an execution that timed out, as of one that failed."""

    def start_sync_execution(data: dict[str, Any]) -> Any:
        status, headers, body = start(data)
        answer = json.loads(body)
        if answer.get("status") == "TIMED_OUT":
            body = json.dumps({**answer, "error": "States.Timeout"}).encode()
        return status, headers, body

    return start_sync_execution
