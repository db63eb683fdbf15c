"""The executions that run: rights, time limits, interruptible waits, metrics and logs; and going on after a restart."""

from __future__ import annotations

import contextvars
import json
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from scripts.local import engine
from scripts.local.settings import ACCOUNT_ID, REGION
from scripts.local.workflows import versions
from scripts.local.workflows.history_log import HistoryLog
from scripts.local.workflows.metrics import WorkflowMetrics
from scripts.local.workflows.run import Run
from scripts.local.workflows.walk import KEPT, walk

_ENDS = ("ExecutionAborted", "ExecutionFailed", "ExecutionSucceeded", "ExecutionTimedOut")
_RESTART = "States.ServiceRestart"
"""What the engine calls an execution that was running when the state was saved."""


class Runs:
    """Replaces the engine's runner, and what it tells of executions."""

    def __init__(self, metrics: WorkflowMetrics, log: HistoryLog, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._stopped = False
        self._metrics = metrics
        self._log = log
        self._workflows = engine.service("stepfunctions")
        self._current: ContextVar[Run | None] = ContextVar("workflow_run", default=None)
        self._runs: dict[str, Run] = {}
        self._restore = self._workflows._restore_state
        self._fail = self._workflows._fail_execution
        self._add_event = self._workflows._add_event
        self._tell = self._workflows._emit_execution_status_event

    def install(self) -> None:
        workflows = self._workflows
        workflows._run_execution = self._run_execution
        workflows._restore_state = self._restore_running
        workflows._fail_execution = self._fail_once
        workflows._add_event = self._add_and_log
        workflows._emit_execution_status_event = self._status_changed
        workflows._start_sync_execution = _with_timeout_error(workflows._start_sync_execution)
        workflows._scaled_sleep = lambda seconds: self.wait(threading.Event(), seconds * workflows._SFN_WAIT_SCALE)

    def start(self) -> None:
        """Go on with the executions that ran when the state was saved."""
        with engine.core("responses").request_scope(ACCOUNT_ID, REGION):
            for arn, execution in self._workflows._executions.items():
                if execution["status"] == "RUNNING":
                    run = contextvars.copy_context().run
                    threading.Thread(target=run, args=(self._workflows._run_execution, arn), daemon=True).start()

    def stop(self) -> None:
        """Pause: states under way end, no other begins."""
        self._stopped = True
        for run in list(self._runs.values()):
            run.stop()

    def idle(self) -> bool:
        """Whether all have paused; a worker of an activity is not waited for."""
        return all(run.in_activity for run in list(self._runs.values()))

    def current(self) -> Run | None:
        return self._current.get()

    def within(self, run: Run, act: Callable[[], Any]) -> Any:
        """Call something as a part of a run, in a context of its own."""

        def inside() -> Any:
            self._current.set(run)
            return act()

        return contextvars.copy_context().run(inside)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Run.wait in the current run; TestState has none."""
        run = self.current()
        return event.wait(max(0.0, seconds)) if run is None else run.wait(event, seconds)

    def _run_execution(self, arn: str) -> None:
        execution = self._workflows._executions.get(arn)
        machine = self._workflows._state_machines.get((execution or {}).get("stateMachineArn", ""))
        if execution is None or self._stopped:
            return
        if machine is None:
            self._fail(execution, "StateMachineDeleted", "State machine no longer exists")
            return
        machine = versions.begin(execution, machine)
        run = self._runs[arn] = Run(execution, machine["roleArn"])
        outside = self._current.set(run)
        if "at" not in execution:
            self._metrics.started(execution)
            for event in execution["events"]:
                self._log.write(execution, event)
        timer = self._timer(execution, machine)
        try:
            walk(run, machine)
        finally:
            timer.cancel()
            self._current.reset(outside)
            self._runs.pop(arn, None)

    def _restore_running(self, data: Any) -> None:
        """Standard executions go on; the engine gives up all that ran."""
        self._restore(data)
        for execution in self._workflows._executions.all_values():
            if execution.get("error") == _RESTART and "at" in execution and not execution.get("sync"):
                execution.update(status="RUNNING", stopDate=None)
                del execution["error"], execution["cause"]

    def _timer(self, execution: dict[str, Any], machine: dict[str, Any]) -> threading.Timer:
        """Ends the execution after the state machine's TimeoutSeconds."""
        try:
            seconds = json.loads(execution.get("definition", machine["definition"])).get("TimeoutSeconds")
        except (ValueError, AttributeError):
            seconds = None
        passed = time.time() - datetime.fromisoformat(execution["startDate"]).timestamp()
        context = contextvars.copy_context()
        timer = threading.Timer(max(0.0, (seconds or 0) - passed), context.run, (self._time_out, execution))
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
        self._changed()
        return event

    def _status_changed(self, execution: dict[str, Any]) -> None:
        if execution["status"] != "RUNNING":
            run = self._runs.get(execution["executionArn"])
            if run is not None:
                run.stop()
            for name in KEPT:
                execution.pop(name, None)
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
