"""Versions and aliases of a state machine: an execution runs what was published, chosen by the alias's weights."""

from __future__ import annotations

import json
import random
from contextvars import ContextVar
from typing import Any, NamedTuple

from scripts.local import engine


class Started(NamedTuple):
    """What an execution was started by: the ARN of a version, and of the alias that chose it, if one did."""

    version_arn: str
    alias_arn: str | None


_started: ContextVar[Started | None] = ContextVar("started_version", default=None)
"""Reaches the thread of the execution, which runs in a copy of the caller's context."""


def install() -> None:
    workflows = engine.service("stepfunctions")
    start, describe = workflows._start_execution, workflows._describe_execution

    def start_execution(data: dict[str, Any]) -> Any:
        outside = _started.set(_chosen(str(data.get("stateMachineArn", ""))))
        try:
            return start(data)
        finally:
            _started.reset(outside)

    def describe_execution(data: dict[str, Any]) -> Any:
        status, headers, body = describe(data)
        execution = workflows._executions.get(data.get("executionArn", "")) or {}
        found = {
            name: execution[name] for name in ("stateMachineVersionArn", "stateMachineAliasArn") if execution.get(name)
        }
        return status, headers, json.dumps({**json.loads(body), **found}).encode() if status == 200 else body

    workflows._start_execution = start_execution
    workflows._describe_execution = describe_execution


def begin(execution: dict[str, Any], machine: dict[str, Any]) -> dict[str, Any]:
    """The machine as the execution runs it: that of its version, whatever becomes of machine and alias meanwhile."""
    workflows, started = engine.service("stepfunctions"), _started.get()
    if started is not None and "stateMachineVersionArn" not in execution:
        execution["stateMachineVersionArn"], execution["stateMachineAliasArn"] = started
    version = workflows._state_machine_versions.get(execution.get("stateMachineVersionArn")) or {}
    return {**machine, **{name: version[name] for name in ("definition", "roleArn") if version.get(name)}}


def _chosen(arn: str) -> Started | None:
    workflows = engine.service("stepfunctions")
    if arn in workflows._state_machine_versions:
        return Started(arn, None)
    alias = workflows._state_machine_aliases.get(arn)
    if alias is None:
        return None
    routes = alias["routingConfiguration"]
    [route] = random.choices(routes, [route["weight"] for route in routes])  # noqa: S311  traffic, not a secret
    return Started(route["stateMachineVersionArn"], arn)
