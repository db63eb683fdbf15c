"""A temporary subscription to an event bus: what the demo and the tests use to see what was published.

It makes a rule and a queue through the AWS APIs, outside Terraform, and removes both when it is closed, so it works
against any environment and leaves the plan empty.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from scripts.environment import Environment

type Envelope = dict[str, Any]


@dataclass
class BusTap:
    """Receives what is published on the bus; `events` holds every envelope seen so far, in order of arrival."""

    sqs: Any
    queue_url: str
    events: list[Envelope] = field(default_factory=list)

    def poll(self, wait_seconds: int = 1) -> list[Envelope]:
        """Receive what is there, waiting up to `wait_seconds` for the first message; returns the new envelopes."""
        answer = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_seconds)
        messages = answer.get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        new = [json.loads(message["Body"])["detail"] for message in messages]
        self.events.extend(new)
        return new

    def wait(self, until: Callable[[list[Envelope]], bool], seconds: float = 30) -> list[Envelope]:
        """Poll until `until(events)` holds; raises TimeoutError after `seconds`, saying what was seen."""
        deadline = time.monotonic() + seconds
        while not until(self.events):
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {seconds} s the bus had delivered {len(self.events)} events")
            self.poll()
        return self.events

    def drain(self, quiet_seconds: int = 2) -> list[Envelope]:
        """Poll until nothing has come for `quiet_seconds`; returns all events."""
        while self.poll(quiet_seconds):
            pass
        return self.events


@contextmanager
def tap(environment: Environment, bus_name: str) -> Iterator[BusTap]:
    """Open a tap on `bus_name` that sees every event of the platform's services."""
    events, sqs = environment.client("events"), environment.client("sqs")
    name = f"{bus_name}-tap-{secrets.token_hex(4)}"
    rule = {"EventBusName": bus_name, "Rule": name}
    pattern = json.dumps({"source": [{"prefix": "tradepost."}]})
    with ExitStack() as cleanup:
        queue_url = sqs.create_queue(QueueName=name, Attributes={"MessageRetentionPeriod": "3600"})["QueueUrl"]
        cleanup.callback(sqs.delete_queue, QueueUrl=queue_url)
        attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]
        rule_arn = events.put_rule(Name=name, EventBusName=bus_name, EventPattern=pattern)["RuleArn"]
        cleanup.callback(events.delete_rule, Name=name, EventBusName=bus_name)
        policy = _policy(attributes["QueueArn"], rule_arn)
        sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": policy})
        events.put_targets(**rule, Targets=[{"Id": "tap", "Arn": attributes["QueueArn"]}])
        cleanup.callback(events.remove_targets, **rule, Ids=["tap"])
        yield BusTap(sqs, queue_url)


def _policy(queue_arn: str, rule_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
