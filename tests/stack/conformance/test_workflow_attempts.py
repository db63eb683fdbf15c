"""Retries of a state, and time-outs of its attempts: callbacks get another token each time."""

import json
import time
from typing import Any

import pytest

from scripts.local.workflows.attempts import delay
from tests.stack.conformance.cloud import Cloud
from tests.stack.conformance.service_roles import user_client
from tests.stack.conformance.workflows import Machine, machine

ASK = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
FAILING = "def handler(event, context): raise ValueError('no')"


@pytest.mark.parametrize(
    ("retrier", "waits"),
    [
        ({}, [1, 2, 4, 8]),
        ({"IntervalSeconds": 3, "BackoffRate": 1.5}, [3, 4.5, 6.75, 10.125]),
        ({"IntervalSeconds": 30, "BackoffRate": 3}, [30, 90, 270, 810]),
        ({"IntervalSeconds": 2, "BackoffRate": 10, "MaxDelaySeconds": 50}, [2, 20, 50, 50]),
    ],
)
def test_the_wait_grows_up_to_its_longest(retrier: dict[str, Any], waits: list[float]) -> None:
    assert [delay(retrier, retries) for retries in range(4)] == waits


def test_full_jitter_takes_any_part_of_the_wait() -> None:
    retrier = {"IntervalSeconds": 100, "BackoffRate": 1, "JitterStrategy": "FULL"}
    waits = [delay(retrier, 0) for _ in range(200)]
    assert all(0 <= wait <= 100 for wait in waits)
    assert min(waits) < 25
    assert max(waits) > 75


def test_retries_end_with_the_catcher(cloud: Cloud) -> None:
    retry = {"ErrorEquals": ["ValueError"], "IntervalSeconds": 1, "MaxAttempts": 3, "JitterStrategy": "FULL"}
    states = {
        "Try": {
            "Type": "Task",
            "Resource": cloud.function(FAILING).arn,
            "Retry": [retry | {"MaxDelaySeconds": 2}],
            "Catch": [
                {"ErrorEquals": ["States.ALL"], "Assign": {"seen": "{% $states.errorOutput.Error %}"}, "Next": "End"}
            ],
            "End": True,
        },
        "End": {"Type": "Succeed", "Output": "{% $seen %}"},
    }
    made = machine(cloud, states, QueryLanguage="JSONata")
    execution = made.start()
    assert json.loads(made.ended(execution)["output"]) == "ValueError"
    assert len([event for event in made.history(execution) if event["type"] == "TaskFailed"]) == 4


def asking(cloud: Cloud, url: str, **more: Any) -> Machine:
    arguments = {"QueueUrl": url, "MessageBody": {"token": "{% $states.context.Task.Token %}"}}
    state = {"Type": "Task", "Resource": ASK, "Arguments": arguments, "End": True, **more}
    return machine(cloud, {"Only": state}, rights=["sqs:SendMessage"], QueryLanguage="JSONata")


def test_jsonata_computes_how_long_a_callback_is_waited_for(cloud: Cloud) -> None:
    url, _ = cloud.queue()
    made, started = asking(cloud, url, TimeoutSeconds="{% $states.input.seconds * 2 %}"), time.monotonic()
    ended = made.run({"seconds": 0.5})
    assert ended["error"] == "States.Timeout"
    assert time.monotonic() - started >= 1


def test_each_attempt_of_a_callback_has_a_token_of_its_own(cloud: Cloud) -> None:
    url, _ = cloud.queue()
    retry = [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    made = asking(cloud, url, TimeoutSeconds=2, Retry=retry)
    execution, api = made.start(), cloud.aws("stepfunctions")
    [first] = cloud.receive(url)
    [second] = cloud.receive(url)
    assert first["token"] != second["token"]
    with pytest.raises(api.exceptions.TaskTimedOut):
        api.send_task_success(taskToken=first["token"], output="1")
    api.send_task_success(taskToken=second["token"], output="2")
    assert json.loads(made.ended(execution)["output"]) == 2


def test_what_is_no_token_is_invalid(cloud: Cloud) -> None:
    api = cloud.aws("stepfunctions")
    with pytest.raises(api.exceptions.InvalidToken):
        api.send_task_failure(taskToken="made-up", error="No", cause="no")


def test_answering_a_task_needs_the_right_on_its_state_machine(cloud: Cloud) -> None:
    url, _ = cloud.queue()
    made, other = asking(cloud, url), asking(cloud, url)
    execution = made.start()
    [message] = cloud.receive(url)
    answer = {"taskToken": message["token"], "output": "1"}
    stranger = user_client(cloud, "stepfunctions", ["states:SendTaskSuccess"], other.arn)
    with pytest.raises(stranger.exceptions.ClientError, match="AccessDenied"):
        stranger.send_task_success(**answer)
    user_client(cloud, "stepfunctions", ["states:SendTaskSuccess"], made.arn).send_task_success(**answer)
    assert made.ended(execution)["status"] == "SUCCEEDED"
