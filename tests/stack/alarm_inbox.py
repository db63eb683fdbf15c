"""What alarms tell, as an e-mail address would hear it."""

import json
from dataclasses import dataclass

from tests.stack.conftest import Stack


@dataclass(frozen=True)
class Told:
    """A message of an alarm."""

    topic: str
    alarm: str
    state: str
    description: str
    at: str


class Inbox:
    """Hears both topics."""

    def __init__(self, stack: Stack) -> None:
        self._sqs, sns = stack.environment.client("sqs"), stack.environment.client("sns")
        self._url = self._sqs.create_queue(QueueName="alarm-inbox")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
        policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": arn}]}
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": json.dumps(policy)})
        for topic in sns.list_topics()["Topics"]:
            if topic["TopicArn"].rpartition("-")[2] in ("page", "inform"):
                sns.subscribe(TopicArn=topic["TopicArn"], Protocol="sqs", Endpoint=arn)
        self._told: list[Told] = []

    def read(self) -> list[Told]:
        """Everything that was told so far, by the time of the change."""
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                envelope = json.loads(message["Body"])
                body = json.loads(envelope["Message"])
                told = (body["AlarmName"], body["NewStateValue"], body["AlarmDescription"], body["StateChangeTime"])
                self._told.append(Told(envelope["TopicArn"].rpartition("-")[2], *told))
            entries = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(messages)]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)
        return sorted(self._told, key=lambda one: one.at)

    def forget(self) -> None:
        self.read()
        self._told.clear()
