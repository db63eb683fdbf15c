"""Event source mappings of SQS queues: windows, partial failures, concurrency, FIFO groups, filters, the role."""

import json
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.stack.conformance.cloud import Cloud, Function, unique
from tests.waiting import eventually

POLLING = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
# Notes each call as one log line. A body that starts with "bad" fails as the variable MODE says; SLEEP is in seconds.
CONSUMER = """
import json, os, time
def handler(event, context):
    started = time.time()
    bodies = [record["body"] for record in event["Records"]]
    time.sleep(float(os.environ["SLEEP"]))
    call = {"bodies": bodies, "arn": context.invoked_function_arn, "from": started, "to": time.time()}
    print("CALL " + json.dumps({**call, "first": event["Records"][0]}))
    bad = [record for record in event["Records"] if record["body"].startswith("bad")]
    if bad and os.environ["MODE"] == "raise":
        raise ValueError("poison")
    if os.environ["MODE"] == "unknown":
        return {"batchItemFailures": [{"itemIdentifier": "no such message"}]}
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in bad]}
"""


class Queue:
    """A queue with short timeouts, so that what failed comes back within the test."""

    def __init__(self, cloud: Cloud, *, fifo: bool = False, dead_letters: str | None = None, visible: int = 2) -> None:
        self._sqs = cloud.aws("sqs")
        attributes = {"VisibilityTimeout": str(visible)}
        if fifo:
            attributes |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        if dead_letters:
            attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": dead_letters, "maxReceiveCount": 2})
        name = unique("source") + (".fifo" if fifo else "")
        self.url = self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        found = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn: str = found["Attributes"]["QueueArn"]

    def send(self, *bodies: str, group: str | None = None) -> None:
        entries: list[dict[str, str]] = [
            {"Id": str(number), "MessageBody": body, **({"MessageGroupId": group} if group else {})}
            for number, body in enumerate(bodies)
        ]
        self._sqs.send_message_batch(QueueUrl=self.url, Entries=entries)

    def left(self) -> int:
        return self._count("ApproximateNumberOfMessages") + self.in_flight()

    def in_flight(self) -> int:
        return self._count("ApproximateNumberOfMessagesNotVisible")

    def _count(self, name: str) -> int:
        found = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])["Attributes"]
        return int(found[name])


class Consumer:
    """A function behind a queue mapping."""

    def __init__(self, cloud: Cloud, queue: Queue, mode: str = "ok", *, sleep: float = 0, **settings: Any) -> None:
        variables = {"MODE": mode, "SLEEP": str(sleep)}
        self.function: Function = cloud.function(CONSUMER, timeout=2, Environment={"Variables": variables})
        self.function.allow(POLLING, [queue.arn])
        defaults = {"FunctionName": self.function.name, "FunctionResponseTypes": ["ReportBatchItemFailures"]}
        made = cloud.aws("lambda").create_event_source_mapping(EventSourceArn=queue.arn, **(defaults | settings))
        self.mapping: str = made["UUID"]

    def calls(self) -> list[dict[str, Any]]:
        """What it was called with, in order of time."""
        lines = [line for lines in self.function.logs().values() for line in lines if line.startswith("CALL ")]
        return sorted((json.loads(line[5:]) for line in lines), key=lambda call: call["from"])

    def bodies(self) -> list[list[str]]:
        return [call["bodies"] for call in self.calls()]

    def saw(self, *bodies: str) -> bool:
        return set(bodies) <= {body for call in self.bodies() for body in call}


def most_at_once(calls: list[dict[str, Any]]) -> int:
    """The largest number of calls that overlapped."""
    return max(sum(1 for other in calls if other["from"] <= call["from"] < other["to"]) for call in calls)


def test_a_message_arrives_as_lambda_s_event_through_the_alias_and_is_deleted(cloud: Cloud) -> None:
    queue = Queue(cloud)
    consumer = Consumer(cloud, queue)
    functions, name = cloud.aws("lambda"), consumer.function.name
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    functions.update_event_source_mapping(UUID=consumer.mapping, FunctionName=f"{name}:live")
    attribute = {"DataType": "String", "StringValue": "blue"}
    cloud.aws("sqs").send_message(QueueUrl=queue.url, MessageBody="hello", MessageAttributes={"colour": attribute})
    eventually(lambda: consumer.saw("hello"))
    eventually(lambda: queue.left() == 0)
    [call] = consumer.calls()
    record = call["first"]
    assert call["arn"] == f"{consumer.function.arn}:live"
    assert (record["eventSource"], record["eventSourceARN"]) == ("aws:sqs", queue.arn)
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"]["colour"]["stringValue"] == "blue"
    assert {"messageId", "receiptHandle", "md5OfBody", "awsRegion"} <= set(record)


def test_the_batching_window_collects_more_than_one_receive_returns(cloud: Cloud) -> None:
    queue = Queue(cloud)
    consumer = Consumer(cloud, queue, BatchSize=25, MaximumBatchingWindowInSeconds=1)
    queue.send(*(f"a{number}" for number in range(10)))
    queue.send("b0", "b1")
    eventually(lambda: consumer.saw("b1"))
    assert [len(bodies) for bodies in consumer.bodies()] == [12]


def test_only_reported_failures_come_back_and_end_in_the_dead_letter_queue(cloud: Cloud) -> None:
    url, dead_letters = cloud.queue()
    queue = Queue(cloud, dead_letters=dead_letters)
    queue.send("a", "bad", "b")
    consumer = Consumer(cloud, queue)
    [message] = eventually(lambda: cloud.aws("sqs").receive_message(QueueUrl=url).get("Messages"))
    assert message["Body"] == "bad"
    assert consumer.bodies() == [["a", "bad", "b"], ["bad"]]
    assert [call["first"]["attributes"]["ApproximateReceiveCount"] for call in consumer.calls()] == ["1", "2"]


@pytest.mark.parametrize("mode", ["raise", "unknown"])
def test_an_error_or_an_unknown_identifier_fails_the_whole_batch(cloud: Cloud, mode: str) -> None:
    queue = Queue(cloud)
    queue.send("a", "bad")
    consumer = Consumer(cloud, queue, mode)
    eventually(lambda: len(consumer.bodies()) == 2)
    assert consumer.bodies() == [["a", "bad"], ["a", "bad"]]


def test_maximum_concurrency_bounds_the_batches_at_work(cloud: Cloud) -> None:
    queue = Queue(cloud, visible=20)
    queue.send(*"abcdef")
    consumer = Consumer(cloud, queue, sleep=0.4, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    eventually(lambda: consumer.saw(*"abcdef"))
    assert most_at_once(consumer.calls()) == 2


def test_fifo_groups_run_in_parallel_and_each_in_order(cloud: Cloud) -> None:
    queue = Queue(cloud, fifo=True, visible=20)
    for group in "xyz":
        queue.send(*(f"{group}{number}" for number in range(3)), group=group)
    consumer = Consumer(cloud, queue, sleep=1, BatchSize=1)
    eventually(lambda: consumer.saw("x2", "y2", "z2"))
    calls = consumer.calls()
    assert most_at_once(calls) == 3
    for group in "xyz":
        own = [call for call in calls if call["bodies"][0].startswith(group)]
        assert [call["bodies"] for call in own] == [[f"{group}0"], [f"{group}1"], [f"{group}2"]]
        assert all(before["to"] <= after["from"] for before, after in pairwise(own))


def test_a_failed_message_holds_up_its_fifo_group_only(cloud: Cloud) -> None:
    queue = Queue(cloud, fifo=True)
    queue.send("bad", "x1", group="x")
    queue.send("y0", group="y")
    consumer = Consumer(cloud, queue, "raise", BatchSize=1)
    eventually(lambda: consumer.saw("y0") and consumer.bodies().count(["bad"]) == 2)
    assert not consumer.saw("x1")


def test_messages_that_match_no_filter_are_deleted_unseen(cloud: Cloud) -> None:
    queue = Queue(cloud)
    pattern = json.dumps({"body": {"kind": ["order"], "total": [{"numeric": [">", 10]}]}})
    consumer = Consumer(cloud, queue, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    wanted = json.dumps({"kind": "order", "total": 11})
    queue.send("no JSON", json.dumps({"kind": "order", "total": 9}), wanted)
    eventually(lambda: queue.left() == 0)
    assert [body for bodies in consumer.bodies() for body in bodies] == [wanted]


def test_a_slow_consumer_delays_no_other(cloud: Cloud) -> None:
    slow_queue, quick_queue = Queue(cloud), Queue(cloud)
    slow, quick = Consumer(cloud, slow_queue, sleep=4), Consumer(cloud, quick_queue)
    quick_queue.send("warm")
    eventually(lambda: quick.saw("warm"))
    slow_queue.send("a")
    eventually(lambda: slow_queue.in_flight() == 1)
    quick_queue.send("b")
    eventually(lambda: quick.saw("b"))
    assert not slow.saw("a")


def test_the_execution_role_must_be_allowed_to_poll(cloud: Cloud) -> None:
    queue = Queue(cloud)
    consumer = Consumer(cloud, queue)
    consumer.function.allow(["sqs:ReceiveMessage", "sqs:GetQueueAttributes"], [queue.arn])
    queue.send("a")
    mapping = eventually(
        lambda: [
            found
            for found in [cloud.aws("lambda").get_event_source_mapping(UUID=consumer.mapping)]
            if found["LastProcessingResult"].startswith("PROBLEM")
        ]
    )[0]
    assert "sqs:DeleteMessage" in mapping["LastProcessingResult"]
    assert not consumer.saw("a")
    consumer.function.allow(POLLING, [queue.arn])
    eventually(lambda: consumer.saw("a"))


@pytest.mark.parametrize(
    ("source", "wanted", "message"),
    [
        ({}, {"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0"),
        ({"fifo": True}, {"MaximumBatchingWindowInSeconds": 1}, "Batching window is not supported for FIFO queues"),
        ({"visible": 1}, {}, "Queue visibility timeout: 1 seconds is less than Function timeout: 2 seconds"),
        ({}, {}, "does not have permissions to call ReceiveMessage on SQS"),
    ],
)
def test_a_mapping_that_lambda_refuses_is_refused(
    cloud: Cloud, source: dict[str, Any], wanted: dict[str, Any], message: str
) -> None:
    queue, function = Queue(cloud, **source), cloud.function(CONSUMER, timeout=2)
    with pytest.raises(ClientError, match=message) as refused:
        cloud.aws("lambda").create_event_source_mapping(EventSourceArn=queue.arn, FunctionName=function.name, **wanted)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
