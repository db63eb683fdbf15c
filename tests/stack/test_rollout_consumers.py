"""Releases of what no client calls: the consumers of a queue and of a workflow, and functions that are kept warm."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scripts.console import Failure
from scripts.rollout.change import serving
from scripts.rollout.command import Options, release
from tests.stack.conftest import Report, Stack
from tests.stack.consumers.configuration import COLD, NEXT, QUEUE, WARM, WORKFLOW, Consumers, steadily
from tests.stack.release_times import times
from tests.waiting import eventually


@pytest.fixture
def consumers(stack: Stack, tmp_path: Path) -> Iterator[Consumers]:
    with Consumers(stack, tmp_path) as made:
        yield made


def test_bad_consumers_go_back_and_no_message_is_lost(
    consumers: Consumers, aws: Any, report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = consumers.apply(NEXT)
    functions, queue = stack.outputs["functions"], stack.outputs["queue"]
    sqs, machine = aws("sqs"), aws("stepfunctions")
    runs: list[str] = []

    def start(number: int) -> None:
        started = machine.start_execution(
            stateMachineArn=stack.outputs["state_machine"], input=json.dumps({"number": number})
        )
        runs.append(started["executionArn"])

    with (
        steadily(lambda number: sqs.send_message(QueueUrl=queue["url"], MessageBody=str(number))) as sent,
        steadily(start),
        pytest.raises(Failure),
    ):
        release(stack, Options(retry=True))  # a local cloud that is kept knows these versions from the last run
    shown = capsys.readouterr().out

    alias = {key: serving(aws("lambda"), functions[key]["name"], functions[key]["alias"]) for key in functions}
    for key in (QUEUE, WORKFLOW):
        assert f"alarm {functions[key]['name']}-canary-errors" in shown
        seen = times(stack, key)
        report(f"{key}, fails always: detected after {seen.detection:.1f} s, back {seen.rollback:.1f} s later")
    # Provisioned concurrency: traffic goes to a version that is warm; one that cannot be is taken back.
    assert alias == {QUEUE: ("1", {}), WORKFLOW: ("1", {}), WARM: ("2", {}), COLD: ("1", {})}
    assert f"{WARM} 1 -> 2: released, 100 %" in shown
    assert "environments of version 2 cannot be started" in shown

    eventually(lambda: consumers.done() >= set(sent))
    dead = sqs.get_queue_attributes(QueueUrl=queue["failure_queue_url"], AttributeNames=["All"])["Attributes"]
    assert int(dead["ApproximateNumberOfMessages"]) == 0
    for number, run in enumerate(runs):
        assert json.loads(eventually(partial(consumers.result, run))) == {"number": number}
