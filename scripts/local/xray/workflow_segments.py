"""Step Functions in a trace: a segment per execution with a subsegment per state, its header to what it calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from scripts.local import engine
from scripts.local.functions.functions import inbound_trace
from scripts.local.xray.sampling import Request
from scripts.local.xray.tracer import Tracer

ORIGIN = "AWS::StepFunctions::StateMachine"


def install(tracer: Tracer) -> None:
    """Wrap the run of an execution. Without tracing in the state machine, the caller's header passes unchanged."""
    workflows = engine.service("stepfunctions")
    _keep_configuration(workflows)
    run = workflows._run_execution

    def run_and_trace(execution_arn: str) -> None:
        execution = workflows._executions.get(execution_arn) or {}
        machine_arn = str(execution.get("stateMachineArn", ""))
        machine = workflows._state_machines.get(machine_arn) or {}
        if not (machine.get("tracingConfiguration") or {}).get("enabled"):
            run(execution_arn)
            return
        name = machine_arn.rpartition(":")[2]
        segment = tracer.begin(inbound_trace.get(), name, ORIGIN, Request(name, ORIGIN, machine_arn))
        outside = inbound_trace.set(str(segment.header))
        try:
            run(execution_arn)
        finally:
            inbound_trace.reset(outside)
            execution = workflows._executions.get(execution_arn) or {}
            for state, entered, exited in states(execution.get("events") or []):
                segment.part(state, entered, exited)
            failed = execution.get("status") not in ("SUCCEEDED", "RUNNING")
            tracer.end(
                segment,
                aws={"execution_arn": execution_arn, "operation": "StartExecution"},
                resource_arn=machine_arn,
                fault=failed,
            )

    workflows._run_execution = run_and_trace


def _keep_configuration(workflows: Any) -> None:
    """Store tracingConfiguration with the state machine, and give it back: the engine forgets it."""
    create, update, describe = (
        workflows._create_state_machine,
        workflows._update_state_machine,
        workflows._describe_state_machine,
    )

    def create_and_keep(data: dict[str, Any]) -> Any:
        answer = create(data)
        if answer[0] == 200:
            keep(json.loads(answer[2])["stateMachineArn"], data)
        return answer

    def update_and_keep(data: dict[str, Any]) -> Any:
        answer = update(data)
        if answer[0] == 200:
            keep(data["stateMachineArn"], data)
        return answer

    def keep(arn: str, data: dict[str, Any]) -> None:
        machine = workflows._state_machines.get(arn)
        if machine is not None and data.get("tracingConfiguration"):
            machine["tracingConfiguration"] = data["tracingConfiguration"]

    def describe_with_tracing(data: dict[str, Any]) -> Any:
        status, headers, body = describe(data)
        machine = workflows._state_machines.get(data.get("stateMachineArn", ""))
        if status == 200 and machine is not None:
            tracing = machine.get("tracingConfiguration") or {"enabled": False}
            body = json.dumps({**json.loads(body), "tracingConfiguration": tracing}).encode()
        return status, headers, body

    workflows._create_state_machine = create_and_keep
    workflows._update_state_machine = update_and_keep
    workflows._describe_state_machine = describe_with_tracing


def states(events: list[dict[str, Any]]) -> Iterator[tuple[str, float, float]]:
    """(state, entered, exited) from an execution's history; a state that was not left ends with the history."""
    opened: list[tuple[str, float]] = []
    for event in events:
        at = _seconds(event["timestamp"])
        if event["type"].endswith("StateEntered"):
            opened.append((event["stateEnteredEventDetails"]["name"], at))
        elif event["type"].endswith("StateExited"):
            name = event["stateExitedEventDetails"]["name"]
            started = next((when for found, when in reversed(opened) if found == name), at)
            opened = [entry for entry in opened if entry != (name, started)]
            yield name, started, at
    for name, started in opened:
        yield name, started, _seconds(events[-1]["timestamp"])


def _seconds(timestamp: float | str) -> float:
    """Unix time of a history event, which the engine keeps as a number or as RFC 3339 text."""
    return datetime.fromisoformat(timestamp).timestamp() if isinstance(timestamp, str) else float(timestamp)
