"""Executions go on where they were after the local cloud stopped, as Step Functions keeps them on AWS."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.local import launcher
from scripts.local.settings import Settings
from tests.ports import free_port
from tests.stack.conformance.cloud import Cloud
from tests.stack.conformance.workflows import machine, task
from tests.waiting import eventually


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    own = Settings(tmp_path, free_port())
    yield own
    launcher.down(own)


def test_waits_callbacks_and_variables_survive_a_restart(settings: Settings) -> None:
    launcher.up(settings)
    cloud = Cloud(settings.endpoint)
    assign = {"Type": "Pass", "Assign": {"kept": "{% $states.input.n %}"}, "Next": "Wait"}
    wait = {"Type": "Wait", "Seconds": 4, "Next": "End"}
    end = {"Type": "Succeed", "Output": {"kept": "{% $kept %}"}}
    waiting = machine(cloud, {"Assign": assign, "Wait": wait, "End": end}, QueryLanguage="JSONata")
    url, _ = cloud.queue()
    arguments = {"QueueUrl": url, "MessageBody": {"token.$": "$$.Task.Token"}}
    send = task("arn:aws:states:::sqs:sendMessage.waitForTaskToken", arguments)
    calling = machine(cloud, {"Only": send}, rights=["sqs:SendMessage"])
    started = time.monotonic()
    wait_run, call_run = waiting.start({"n": 7}), calling.start()
    [message] = cloud.receive(url)
    eventually(lambda: waiting.history(wait_run)[-1]["type"] == "WaitStateEntered")
    launcher.down(settings)
    launcher.up(settings)

    ended = waiting.ended(wait_run)
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"kept": 7})
    assert time.monotonic() - started >= 4
    assert (ended["stopDate"] - ended["startDate"]).total_seconds() < 4 + 2
    types = [event["type"] for event in waiting.history(wait_run)]
    assert types.count("WaitStateEntered") == types.count("PassStateEntered") == 1

    cloud.aws("stepfunctions").send_task_success(taskToken=message["token"], output='{"answer":42}')
    ended = calling.ended(call_run)
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"answer": 42})
    attributes = cloud.aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "0"
