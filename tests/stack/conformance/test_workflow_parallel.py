"""Parallel states: failing together, tokens and variables of their own, JSONata arguments and output."""

import json
import time
from typing import Any

from tests.stack.conformance.cloud import Cloud
from tests.stack.conformance.workflows import machine, task
from tests.waiting import eventually

CALLBACK = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"


def branch(**states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def test_a_branch_that_fails_stops_the_others_and_can_be_caught(cloud: Cloud) -> None:
    wait = {"Type": "Wait", "Seconds": 60, "End": True}
    fail = {"Type": "Fail", "Error": "Broken", "Cause": "why"}
    branches = [branch(Wait=wait), branch(Fail=fail)]
    started = time.monotonic()
    ended = machine(cloud, {"Both": {"Type": "Parallel", "Branches": branches, "End": True}}).run()
    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "Broken", "why")
    catch = [{"ErrorEquals": ["Broken"], "Next": "After"}]
    states = {
        "Both": {"Type": "Parallel", "Branches": branches, "Catch": catch, "End": True},
        "After": {"Type": "Wait", "Seconds": 1, "End": True},
    }
    assert machine(cloud, states).output() == {"Error": "Broken", "Cause": "why"}
    assert time.monotonic() - started < 50


def test_callbacks_in_branches_have_their_own_tokens(cloud: Cloud) -> None:
    url, _ = cloud.queue()

    def ask(name: str) -> dict[str, Any]:
        return task(CALLBACK, {"QueueUrl": url, "MessageBody": {"name": name, "token.$": "$$.Task.Token"}})

    branches = [branch(AskA=ask("a")), branch(AskB=ask("b"))]
    made = machine(cloud, {"Both": {"Type": "Parallel", "Branches": branches, "End": True}}, rights=["sqs:SendMessage"])
    execution = made.start()
    asked: dict[str, str] = {}
    while len(asked) < 2:
        asked |= {message["name"]: message["token"] for message in cloud.receive(url)}
    for name, token in asked.items():
        cloud.aws("stepfunctions").send_task_success(taskToken=token, output=json.dumps(name * 2))
    assert json.loads(made.ended(execution)["output"]) == ["aa", "bb"]


def test_a_parallel_state_has_arguments_and_output_in_jsonata(cloud: Cloud) -> None:
    double = {"Type": "Pass", "Output": "{% $states.input.n * 2 %}", "Assign": {"inner": 1}, "End": True}
    states = {
        "Both": {
            "Type": "Parallel",
            "Branches": [branch(One=double), branch(Other=double)],
            "Arguments": {"n": "{% $states.input.count + 1 %}"},
            "Output": {"sum": "{% $sum($states.result) %}"},
            "Assign": {"seen": "{% $count($states.result) %}"},
            "Next": "Last",
        },
        "Last": {"Type": "Succeed", "Output": {"sum": "{% $states.input.sum %}", "seen": "{% $seen %}"}},
    }
    made = machine(cloud, states, QueryLanguage="JSONata")
    assert made.output({"count": 2}) == {"sum": 12, "seen": 2}


def test_a_stop_reaches_every_branch(cloud: Cloud) -> None:
    wait = {"Type": "Wait", "Seconds": 60, "End": True}
    inner = {"Type": "Parallel", "Branches": [branch(One=wait), branch(Other=wait)], "End": True}
    made = machine(cloud, {"Both": {"Type": "Parallel", "Branches": [branch(Inner=inner)], "End": True}})
    execution = made.start()
    eventually(lambda: len(made.history(execution)) == 2)
    cloud.aws("stepfunctions").stop_execution(executionArn=execution)
    assert made.ended(execution)["status"] == "ABORTED"
