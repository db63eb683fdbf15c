"""Message move tasks: from a dead-letter queue back to where its messages came from, or to another queue."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.stack.conformance.cloud import Cloud, unique
from tests.stack.conformance.test_iam import CALLER, call, denied
from tests.waiting import eventually


class Queues:
    """A queue, its dead-letter queue, and messages that a consumer gave up."""

    def __init__(self, cloud: Cloud, *bodies: str) -> None:
        self.sqs = cloud.aws("sqs")
        self.dead_url, self.dead_letters = cloud.queue()
        redrive = {"deadLetterTargetArn": self.dead_letters, "maxReceiveCount": 1}
        attributes = {"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": "0"}
        self.url = self.sqs.create_queue(QueueName=unique("source"), Attributes=attributes)["QueueUrl"]
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body)
        for _ in range(2):
            self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        assert self.waiting(self.dead_url) == len(bodies)

    def waiting(self, url: str) -> int:
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(found["Attributes"]["ApproximateNumberOfMessages"])

    def start(self, **settings: Any) -> str:
        handle = self.sqs.start_message_move_task(SourceArn=self.dead_letters, **settings)["TaskHandle"]
        return str(handle)

    def task(self) -> dict[str, Any]:
        """The most recent task."""
        [found] = self.sqs.list_message_move_tasks(SourceArn=self.dead_letters)["Results"]
        return dict(found)

    def ended(self) -> dict[str, Any]:
        return eventually(lambda: [task for task in [self.task()] if task["Status"] not in ("RUNNING", "CANCELLING")])[
            0
        ]


def test_messages_go_back_to_their_source_as_new_messages(cloud: Cloud) -> None:
    queues = Queues(cloud, "a", "b")
    queues.start()
    task = queues.ended()
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 2)
    assert task["ApproximateNumberOfMessagesToMove"] == 2
    assert "TaskHandle" not in task
    assert "DestinationArn" not in task
    found = queues.sqs.receive_message(QueueUrl=queues.url, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
    assert [message["Body"] for message in found] == ["a", "b"]
    assert {message["Attributes"]["ApproximateReceiveCount"] for message in found} == {"1"}
    assert queues.waiting(queues.dead_url) == 0


def test_messages_go_to_the_destination_that_is_given(cloud: Cloud) -> None:
    queues, (url, arn) = Queues(cloud, "a"), cloud.queue()
    queues.start(DestinationArn=arn)
    assert queues.ended()["DestinationArn"] == arn
    assert queues.waiting(url) == 1


def test_a_task_keeps_its_rate_and_can_be_cancelled(cloud: Cloud) -> None:
    queues = Queues(cloud, *"abcde")
    handle = queues.start(MaxNumberOfMessagesPerSecond=1)
    with pytest.raises(ClientError, match="There is already a task running"):
        queues.start()
    assert queues.task()["TaskHandle"] == handle
    assert queues.sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"] <= 1
    task = queues.ended()
    assert task["Status"] == "CANCELLED"
    assert queues.waiting(queues.dead_url) == 5 - task["ApproximateNumberOfMessagesMoved"] >= 3
    with pytest.raises(ClientError, match="Only active tasks can be cancelled"):
        queues.sqs.cancel_message_move_task(TaskHandle=handle)


def test_a_message_that_came_from_nowhere_fails_the_task(cloud: Cloud) -> None:
    queues = Queues(cloud)
    queues.sqs.send_message(QueueUrl=queues.dead_url, MessageBody="sent directly")
    queues.start()
    task = queues.ended()
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")


def test_only_a_dead_letter_queue_of_queues_can_be_the_source(cloud: Cloud) -> None:
    _, arn = cloud.queue()
    with pytest.raises(ClientError, match="Source queue must be configured as a Dead Letter Queue"):
        cloud.aws("sqs").start_message_move_task(SourceArn=arn)
    with pytest.raises(ClientError, match="SourceArn parameter doesn't exist") as missing:
        cloud.aws("sqs").start_message_move_task(SourceArn=arn + "-not")
    assert missing.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_a_role_needs_the_rights_to_take_and_to_send(cloud: Cloud) -> None:
    queues, caller = Queues(cloud, "a"), cloud.function(CALLER)
    source = queues.sqs.get_queue_attributes(QueueUrl=queues.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    request = ("sqs", "AmazonSQS.StartMessageMoveTask", {"SourceArn": queues.dead_letters})
    taking = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    caller.allow(["sqs:*"], [source])
    assert denied(call(caller, *request), "sqs:StartMessageMoveTask")
    caller.allow(["sqs:StartMessageMoveTask", *taking], [queues.dead_letters])
    assert denied(call(caller, *request), "sqs:SendMessage")
    caller.allow(["sqs:StartMessageMoveTask", "sqs:SendMessage", *taking], [queues.dead_letters, source])
    assert call(caller, *request)[0] == 200
    assert queues.ended()["Status"] == "COMPLETED"
