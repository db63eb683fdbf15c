"""Failed executions are listed like failures of a queue, and started anew once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scripts.console import Failure
from scripts.deployed import Deployed
from scripts.environment import Environment
from scripts.oncall.redrive import executions
from scripts.oncall.redrive.envelopes import Kind
from scripts.oncall.redrive.executions import Executions
from scripts.oncall.redrive.replays import Replays
from tests.unit.scripts.oncall.support import ORDER

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:tradepost-dev-fulfillment-order"
NOW = datetime.now(UTC)


class States:
    """Step Functions with one state machine."""

    exceptions = type("exceptions", (), {"ExecutionDoesNotExist": LookupError, "ExecutionAlreadyExists": KeyError})

    def __init__(self) -> None:
        self.executions: dict[str, dict[str, Any]] = {}

    def add(self, name: str, status: str, age: timedelta = timedelta(hours=1), **more: str) -> None:
        arn = f"{MACHINE.replace(':stateMachine:', ':execution:')}:{name}"
        self.executions[arn] = {"executionArn": arn, "name": name, "status": status, "stopDate": NOW - age, **more}

    def get_paginator(self, name: str) -> Any:
        def paginate(_self: object, **given: Any) -> list[dict[str, Any]]:
            if name == "list_state_machines":
                machine = {"name": MACHINE.rpartition(":")[2], "stateMachineArn": MACHINE, "type": "STANDARD"}
                return [{"stateMachines": [machine]}]
            wanted = [one for one in self.executions.values() if one["status"] == given["statusFilter"]]
            return [{"executions": wanted}]

        return type("Pages", (), {"paginate": paginate})()

    def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803
        if executionArn not in self.executions:
            raise LookupError
        return self.executions[executionArn]

    def start_execution(self, stateMachineArn: str, name: str, input: str) -> None:  # noqa: A002, N803
        assert stateMachineArn == f"{MACHINE}:live"
        if any(one["name"] == name for one in self.executions.values()):
            raise KeyError
        self.add(name, "RUNNING", input=input)


@pytest.fixture
def states() -> States:
    found = States()
    given = json.dumps({"order_id": ORDER})
    cause = json.dumps({"errorType": "KeyError", "errorMessage": "no stock of 17"})
    found.add("one", "FAILED", timedelta(hours=2), input=given, error="KeyError", cause=cause)
    found.add("two", "TIMED_OUT", input=given)
    found.add("good", "SUCCEEDED", input=given)
    found.add("old", "FAILED", timedelta(days=15), input=given)
    return found


@pytest.fixture
def stack(states: States, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    monkeypatch.setattr(Environment, "client", lambda _self, _name: states)
    workflows = {"fulfillment.order": {"arn": MACHINE, "alias_arn": f"{MACHINE}:live"}}
    return Deployed(Environment.named("dev"), {"event_bus_name": "tradepost-dev", "workflows": workflows})


def test_failed_executions_are_failures_and_are_started_anew_once(states: States, stack: Deployed) -> None:
    [queue] = executions.read(stack)
    assert (queue.name, queue.waiting) == ("tradepost-dev-fulfillment-order", 2)
    [[first, second]] = Executions(states, queue).pages(10)
    assert (first.id, first.kind, first.cause, first.about) == ("one", Kind.WORKFLOW, "KeyError: no stock of …", ORDER)
    assert second.cause == "TIMED_OUT"

    plan = Replays(stack).plan(first)
    plan.run()
    plan.run()  # interrupted and run again
    started = states.executions[
        f"{MACHINE.replace(':stateMachine:', ':execution:')}:{executions.replay_name(first.origin)}"
    ]
    assert json.loads(started["input"]) == {"order_id": ORDER}
    Executions(states, queue).delete(first)
    assert [one.id for page in Executions(states, queue).pages(10) for one in page] == ["two"]


def test_an_execution_that_was_not_replayed_stays(states: States, stack: Deployed) -> None:
    [queue] = executions.read(stack)
    [[first, _]] = Executions(states, queue).pages(10)
    with pytest.raises(Failure, match="cannot be deleted"):
        Executions(states, queue).delete(first)
