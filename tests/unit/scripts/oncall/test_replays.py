"""What a replay of each kind of failure does, against small stand-ins for AWS."""

import io
import json
from typing import Any

import pytest

from scripts.console import Failure
from scripts.deployed import Deployed
from scripts.environment import Environment
from scripts.oncall.redrive.envelopes import parse
from scripts.oncall.redrive.replays import Replays
from scripts.oncall.redrive.targets import execution_name, shape
from scripts.oncall.redrive.topology import StreamTrigger
from tests.unit.scripts.oncall.support import FUNCTION, STREAM, invocation_record, message, pointer, queue
from tests.unit.scripts.oncall.test_streams import Shard, Table, record

RULE = "arn:aws:events:eu-west-1:123456789012:rule/tradepost-dev/tradepost-dev-placed"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:tradepost-dev-fulfillment"


class Cloud:
    """Remembers the calls that change something; `answers` are those of Invoke."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[tuple[bytes, str | None]] = []
        self.targets: list[dict[str, Any]] = []
        self.exceptions = type(
            "exceptions", (), {"ExecutionAlreadyExists": KeyError, "ResourceNotFoundException": LookupError}
        )
        self.started: set[str] = set()

    def get_queue_url(self, QueueName: str, **_: str) -> dict[str, str]:  # noqa: N803
        return {"QueueUrl": f"https://sqs/{QueueName}"}

    def get_paginator(self, _name: str) -> Any:
        cloud = self
        return type("Pages", (), {"paginate": lambda _self, **_given: [{"Targets": cloud.targets}]})()

    def invoke(self, **given: Any) -> dict[str, Any]:
        self.calls.append(("invoke", given))
        payload, error = self.answers.pop(0) if self.answers else (b"null", None)
        return {"Payload": io.BytesIO(payload), **({"FunctionError": error} if error else {})}

    def start_execution(self, **given: Any) -> None:
        if given["name"] in self.started:
            raise KeyError
        self.started.add(given["name"])
        self.calls.append(("start_execution", given))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda **given: self.calls.append((name, given))


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def replays(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Replays:
    clients: dict[str, Any] = {"dynamodb": Table(), "dynamodbstreams": Shard([record(100), record(101)])}
    monkeypatch.setattr(Environment, "client", lambda _self, service: clients.get(service, cloud))
    return Replays(Deployed(Environment.named("dev"), {"event_bus_name": "tradepost-dev"}))


def test_a_dead_letter_goes_back_as_it_was_sent(cloud: Cloud, replays: Replays) -> None:
    system: dict[str, Any] = {"DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:1:work", "AWSTraceHeader": "Root=1"}
    plan = replays.plan(parse(queue(), message("hello", {"kind": "email"}, **system)))
    assert cloud.calls == []  # a plan only reads
    plan.run()
    [(name, given)] = cloud.calls
    assert (name, given["QueueUrl"], given["MessageBody"]) == ("send_message", "https://sqs/work", "hello")
    assert given["MessageAttributes"] == {"kind": {"DataType": "String", "StringValue": "email"}}
    assert given["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"] == "Root=1"


def test_a_fifo_message_keeps_its_group_and_is_not_taken_for_the_first_one(cloud: Cloud, replays: Replays) -> None:
    system: dict[str, Any] = {"MessageGroupId": "ord_1", "MessageDeduplicationId": "evt_1"}
    replays.plan(parse(queue(sources=["https://sqs/1/work.fifo"]), message("x", **system))).run()
    given = cloud.calls[0][1]
    assert given["MessageGroupId"] == "ord_1"
    assert given["MessageDeduplicationId"] != "evt_1"


def test_an_event_is_invoked_again_without_waiting(cloud: Cloud, replays: Replays) -> None:
    replays.plan(parse(queue(), message(invocation_record()))).run()
    given = cloud.calls[0][1]
    assert (given["FunctionName"], given["InvocationType"]) == (FUNCTION, "Event")
    assert json.loads(given["Payload"]) == invocation_record()["requestPayload"]


@pytest.mark.parametrize(
    ("answer", "error", "why"),
    [
        (b'{"batchItemFailures": [{"itemIdentifier": "000101"}]}', None, "1 of 2 records"),
        (b'{"errorType": "KeyError"}', "Unhandled", "still fails"),
    ],
)
def test_records_that_fail_again_keep_their_message(
    cloud: Cloud, replays: Replays, answer: bytes, error: str | None, why: str
) -> None:
    failed = parse(queue(streams=[StreamTrigger(STREAM, FUNCTION, ())]), message(pointer()))
    plan = replays.plan(failed)
    cloud.answers = [(answer, error)]
    with pytest.raises(Failure, match=why):
        plan.run()
    plan.run()
    sent = json.loads(cloud.calls[-1][1]["Payload"])["Records"]
    assert [one["dynamodb"]["SequenceNumber"] for one in sent] == ["000100", "000101"]


def test_a_batch_of_a_trigger_that_is_gone_is_said(replays: Replays) -> None:
    other = StreamTrigger(STREAM, FUNCTION.replace("orders-replay", "orders-other"), ())
    with pytest.raises(Failure, match="no trigger"):
        replays.plan(parse(queue(streams=[other]), message(pointer())))


def test_a_rule_s_event_goes_to_the_very_target_in_its_form(cloud: Cloud, replays: Replays) -> None:
    cloud.targets = [
        {"Arn": "arn:aws:sqs:eu-west-1:1:other"},
        {"Arn": MACHINE, "InputPath": "$.detail"},
    ]
    own = {"RULE_ARN": RULE, "TARGET_ARN": MACHINE, "ERROR_CODE": "THROTTLING"}
    failed = parse(queue(), message({"detail": {"order_id": "ord_1"}, "source": "tradepost.orders"}, own))
    plan = replays.plan(failed)
    plan.run()
    plan.run()  # interrupted before the message was deleted, and run again
    [(name, given)] = cloud.calls
    assert name == "start_execution"
    assert given == {"stateMachineArn": MACHINE, "name": execution_name(failed), "input": '{"order_id": "ord_1"}'}


def test_a_target_that_is_gone_is_said(replays: Replays) -> None:
    own = {"RULE_ARN": RULE, "TARGET_ARN": MACHINE, "ERROR_CODE": "X"}
    with pytest.raises(Failure, match="has no target"):
        replays.plan(parse(queue(), message({}, own)))


def test_what_is_not_known_cannot_be_replayed(replays: Replays) -> None:
    with pytest.raises(Failure, match="not known"):
        replays.plan(parse(queue(), message("?")))


EVENT = {"id": "1", "time": "2026-01-01T00:00:00Z", "detail": {"order_id": "ord_1", "amount": 5}}


@pytest.mark.parametrize(
    ("target", "shaped"),
    [
        ({}, EVENT),
        ({"Input": '{"fixed": true}'}, {"fixed": True}),
        ({"InputPath": "$.detail"}, {"order_id": "ord_1", "amount": 5}),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"order": "$.detail.order_id", "amount": "$.detail.amount"},
                    "InputTemplate": '{"id": <order>, "text": "order <order>", "amount": <amount>, '
                    '"at": <aws.events.event.ingestion-time>}',
                }
            },
            {"id": "ord_1", "text": "order ord_1", "amount": 5, "at": "2026-01-01T00:00:00Z"},
        ),
    ],
)
def test_a_target_gets_what_eventbridge_would_make_of_the_event(target: dict[str, Any], shaped: object) -> None:
    assert json.loads(shape(target, EVENT)) == shaped
