"""A poison event in each kind of consumer ends where failures end, others go on; after the fix it is redriven once.

The consumers of the deployed stack are tested in tests/stack/test_redrive.py; here are the kinds that AWS has.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.deployed import Deployed
from scripts.environment import Environment
from scripts.local.settings import Settings
from scripts.oncall.redrive import command
from tests.stack.conformance.cloud import Cloud, Function, unique
from tests.stack.conformance.service_roles import service_role
from tests.stack.conformance.targets import let_in
from tests.waiting import eventually

# Fails on poison until the fix, a file, is there.
CODE = """
import json, pathlib
def handler(event, context):
    text = json.dumps(event)
    if "poison" in text and not pathlib.Path({fix!r}).exists():
        raise ValueError("cannot digest 17 of it")
    print("HANDLED", "poison" if "poison" in text else "good")
"""


@dataclass
class Shop:
    """A stack named `name`, made by hand, with one function behind the alias `live`."""

    cloud: Cloud
    name: str
    function: Function
    alias_arn: str
    fix: Path
    redrive: Callable[..., None]

    def queue(self, purpose: str, source: str = "*", **attributes: str) -> tuple[str, str]:
        """(URL, ARN) of a new queue of the stack, to which EventBridge may send."""
        sqs = self.cloud.aws("sqs")
        url = sqs.create_queue(QueueName=f"{self.name}-{purpose}", Attributes=attributes)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        if source:
            let_in(self.cloud, url, arn, "events.amazonaws.com", source)
        return url, arn

    def failures(self) -> str:
        """URL of the queue that takes the events which the function could not handle, from now on at once."""
        url, arn = self.queue("work-failures")
        self.function.allow(["sqs:SendMessage"], [arn])
        self.cloud.aws("lambda").put_function_event_invoke_config(
            FunctionName=self.function.name,
            Qualifier="live",
            MaximumRetryAttempts=0,
            DestinationConfig={"OnFailure": {"Destination": arn}},
        )
        return url

    def waiting(self, url: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.cloud.aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def handled(self) -> list[str]:
        lines = [line for stream in self.function.logs().values() for line in stream]
        return sorted(line.split()[1] for line in lines if line.startswith("HANDLED"))

    def replay_after_the_fix(self, *, good: int = 1) -> None:
        """Replay all; the poison is handled once, and the good ones not again."""
        self.fix.touch()
        self.redrive(replay=True, dry_run=True)
        assert self.handled() == ["good"] * good
        self.redrive(replay=True)
        eventually(lambda: self.handled() == ["good"] * good + ["poison"])
        self.redrive(replay=True)
        assert self.handled() == ["good"] * good + ["poison"]


@pytest.fixture
def shop(cloud: Cloud, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("TRADEPOST_LOCAL_DIR", str(settings.home))
    monkeypatch.setenv("TRADEPOST_PORT", str(settings.port))
    name, environment = unique("shop"), Environment.named("local")
    fix = tmp_path / "fixed"
    function = cloud.function(CODE.format(fix=str(fix)))
    alias = cloud.aws("lambda").create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")["AliasArn"]
    cloud.aws("events").create_event_bus(Name=name)
    cloud.aws("logs").create_log_group(logGroupName=f"{name}-audit")
    functions = {"shop.work": {"name": function.name, "alias": "live", "alias_arn": alias}}
    outputs = {"event_bus_name": name, "functions": functions, "audit_log_group": f"{name}-audit"}
    monkeypatch.setattr(Deployed, "read", lambda _environment: Deployed(environment, outputs))

    def redrive(**options: Any) -> None:
        command.redrive(environment, rate=100, **options)

    return Shop(cloud, name, function, alias, fix, redrive)


def test_a_message_of_a_queue(shop: Shop) -> None:
    letters, letters_arn = shop.queue("work-dead-letters")
    policy = json.dumps({"deadLetterTargetArn": letters_arn, "maxReceiveCount": 1})
    work, work_arn = shop.queue("work", VisibilityTimeout="5", RedrivePolicy=policy)
    shop.function.allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [work_arn])
    shop.cloud.aws("lambda").create_event_source_mapping(
        EventSourceArn=work_arn, FunctionName=shop.alias_arn, BatchSize=1
    )
    for body in ("poison", "good"):
        shop.cloud.aws("sqs").send_message(QueueUrl=work, MessageBody=body)
    eventually(lambda: shop.waiting(letters) == 1 and shop.handled() == ["good"])
    shop.replay_after_the_fix()
    assert eventually(lambda: shop.waiting(work) == 0)
    assert shop.waiting(letters) == 0


def test_an_event_of_a_rule_that_the_function_could_not_handle(shop: Shop) -> None:
    failures, lambda_ = shop.failures(), shop.cloud.aws("lambda")
    lambda_.add_permission(
        FunctionName=shop.function.name,
        Qualifier="live",
        StatementId="rules",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
    )
    publish(shop, {"Id": "1", "Arn": shop.alias_arn})
    eventually(lambda: shop.waiting(failures) == 1 and shop.handled() == ["good"])
    shop.replay_after_the_fix()
    assert shop.waiting(failures) == 0


def test_an_event_that_a_rule_could_not_deliver(shop: Shop) -> None:
    letters, letters_arn = shop.queue("placed-undelivered")
    closed, closed_arn = shop.queue("closed", source="")
    publish(shop, {"Id": "1", "Arn": closed_arn, "InputPath": "$.detail", "DeadLetterConfig": {"Arn": letters_arn}})
    eventually(lambda: shop.waiting(letters) == 2)
    shop.redrive(replay=True, find="poison")
    assert shop.waiting(letters) == 1
    assert shop.cloud.receive(closed) == [{"text": "poison"}]


def publish(shop: Shop, target: dict[str, Any]) -> None:
    """Send everything of the bus to a target, and put a poison event and a good one on it."""
    events, rule = shop.cloud.aws("events"), f"{shop.name}-placed"
    events.put_rule(Name=rule, EventBusName=shop.name, EventPattern=json.dumps({"source": ["tests"]}))
    events.put_targets(Rule=rule, EventBusName=shop.name, Targets=[target])
    details = [json.dumps({"text": text}) for text in ("poison", "good")]
    events.put_events(
        Entries=[
            {"Source": "tests", "DetailType": "placed", "Detail": detail, "EventBusName": shop.name}
            for detail in details
        ]
    )


def test_a_workflow(shop: Shop) -> None:
    _, role = service_role(shop.cloud, "states", ["lambda:InvokeFunction"])
    states = shop.cloud.aws("stepfunctions")
    work = {"Type": "Task", "Resource": shop.alias_arn, "End": True}
    machine = states.create_state_machine(
        name=f"{shop.name}-order", roleArn=role, definition=json.dumps({"StartAt": "Work", "States": {"Work": work}})
    )["stateMachineArn"]
    for text in ("poison", "good"):
        states.start_execution(stateMachineArn=machine, name=f"order-{text}", input=json.dumps({"text": text}))

    def statuses() -> list[str]:
        return sorted(one["status"] for one in states.list_executions(stateMachineArn=machine)["executions"])

    eventually(lambda: statuses() == ["FAILED", "SUCCEEDED"])
    shop.replay_after_the_fix()
    eventually(lambda: statuses() == ["FAILED", "SUCCEEDED", "SUCCEEDED"])


def test_what_failed_is_listed_by_cause(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    failures, lambda_ = shop.failures(), shop.cloud.aws("lambda")
    for number in range(2):
        event = json.dumps({"text": "poison", "number": number})
        lambda_.invoke(FunctionName=shop.alias_arn, InvocationType="Event", Payload=event)
    eventually(lambda: shop.waiting(failures) == 2)
    shop.redrive()
    listed = capsys.readouterr().out
    [row] = [line for line in listed.splitlines() if "ValueError" in line]
    assert row.split()[:3] == [f"{shop.name}-work-failures", "async", "2"]
    assert "cannot digest … of it" in row
    assert "events of shop.work" in listed
    assert shop.waiting(failures) == 2
