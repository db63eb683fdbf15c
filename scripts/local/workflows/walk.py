"""An execution, state by state: where it is, is kept with it, so that it goes on there after a restart."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from scripts.local import engine
from scripts.local.workflows.run import Run

KEPT = ("at", "definition", "token", "variables")
"""What an execution remembers of itself only while it runs."""

logger = logging.getLogger("tradepost.workflows")
Position = dict[str, Any]
"""{state, input, entered}: the state to run, its input, and when it was entered (None: it was not yet)."""


def walk(run: Run, machine: dict[str, Any]) -> None:
    """Run an execution from where it is to its end, or until the run is paused."""
    workflows, execution = engine.service("stepfunctions"), run.execution
    try:
        definition = json.loads(execution.setdefault("definition", machine["definition"]))
        start = {"state": definition.get("StartAt"), "input": _input(execution), "entered": None}
        at: Position | None = execution.setdefault("at", start)
        context = _context(execution, machine, definition)
        while at is not None and run.goes_on:
            at = _step(run, definition.get("States") or {}, context, at)
    except workflows._ExecutionError as error:
        if not run.interrupted:
            workflows._fail_execution(execution, error.error, error.cause)
    except Exception as error:
        logger.exception("execution %s", execution["executionArn"])
        workflows._fail_execution(execution, "States.Runtime", str(error))


def _step(run: Run, states: dict[str, Any], context: dict[str, Any], at: Position) -> Position | None:
    """Run one state; returns the position after it, or None at the end or when it was interrupted."""
    workflows, execution, name = engine.service("stepfunctions"), run.execution, at["state"]
    state = states.get(name)
    if state is None:
        raise workflows._ExecutionError("States.Runtime", f"State '{name}' not found in definition")
    run.enter(state, _seconds_since(at["entered"]) if at["entered"] else 0.0)
    if at["entered"] is None:
        at["entered"] = workflows.now_iso()
        details = {"name": name, "input": json.dumps(at["input"])}
        workflows._add_event(execution, f"{state.get('Type')}StateEntered", {"stateEnteredEventDetails": details})
    context["State"] = {"Name": name, "EnteredTime": at["entered"], "RetryCount": 0}
    output, following = _run_state(state, at["input"], execution, context)
    if run.interrupted or execution["status"] != "RUNNING":
        return None
    text = json.dumps(output)
    details = {"name": name, "output": text}
    workflows._add_event(execution, f"{state['Type']}StateExited", {"stateExitedEventDetails": details})
    execution.pop("token", None)
    if following is not None:
        after: Position = {"state": following, "input": output, "entered": None}
        execution["at"] = after
        return after
    execution.update(status="SUCCEEDED", output=text, stopDate=workflows.now_iso())
    workflows._add_event(execution, "ExecutionSucceeded", {"executionSucceededEventDetails": {"output": text}})
    workflows._emit_execution_status_event(execution)
    return None


def _run_state(state: dict[str, Any], data: Any, execution: Any, context: dict[str, Any]) -> tuple[Any, str | None]:
    """(output, name of the next state or None) of a state, through the engine's own."""
    workflows, kind = engine.service("stepfunctions"), state.get("Type")
    if kind == "Fail":
        raise workflows._ExecutionError(*workflows._fail_state_error(state, data, context))
    if kind == "Succeed":
        found = workflows._apply_input_path(state, data, context)
        return workflows._apply_output_path(state, found, context), None
    plain = {"Pass": workflows._execute_pass, "Choice": workflows._execute_choice, "Wait": workflows._execute_wait}
    if kind in plain:
        output, following = plain[kind](state, data, context)
        return output, following
    calling = {"Task": workflows._execute_task, "Parallel": workflows._execute_parallel, "Map": workflows._execute_map}
    if kind not in calling:
        raise workflows._ExecutionError("States.Runtime", f"Unknown state type: {kind}")
    output, following = calling[kind](state, data, execution, context)
    return output, following


def _context(execution: dict[str, Any], machine: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
    """The context object, with the query language and the variables, which live in the execution."""
    return {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": {
            "Id": execution["executionArn"],
            "Input": _input(execution),
            "Name": execution["name"],
            "RoleArn": machine["roleArn"],
            "StartTime": execution["startDate"],
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine["name"]},
        "variables": execution.setdefault("variables", {}),
    }


def _input(execution: dict[str, Any]) -> Any:
    try:
        return json.loads(execution["input"])
    except ValueError:
        return {}


def _seconds_since(timestamp: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(timestamp)).total_seconds()
