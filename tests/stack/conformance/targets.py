"""Rules and their targets: roles, dead-letter queues and an HTTP endpoint that refuses as often as it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
from botocore.config import Config

from scripts.local.settings import ACCOUNT_ID, REGION
from tests.stack.conformance.cloud import Cloud, unique
from tests.waiting import eventually


def role(cloud: Cloud, service: str, actions: list[str], resources: list[str]) -> str:
    """ARN of a new role that a service may assume; an empty list of actions is a role without rights."""
    name = unique("role")
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    cloud.aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
    if actions:
        statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
        rights = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        cloud.aws("iam").put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=rights)
    return f"arn:aws:iam::{ACCOUNT_ID}:role/{name}"


def open_queue(cloud: Cloud, source: str = "*", **attributes: str) -> tuple[str, str]:
    """(URL, ARN) of a new queue to which EventBridge may send for a rule."""
    name = unique("queue") + (".fifo" if "FifoQueue" in attributes else "")
    url = cloud.aws("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = cloud.aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    let_in(cloud, url, arn, "events.amazonaws.com", source)
    return url, arn


def let_in(cloud: Cloud, url: str, arn: str, service: str, source: str) -> None:
    """Give a queue the policy that lets a service send for a source."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnLike": {"aws:SourceArn": source}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


@dataclass(frozen=True)
class Letter:
    """A message of a dead-letter queue."""

    body: Any
    attributes: dict[str, str]


def letter(cloud: Cloud, url: str, seconds: float = 15) -> Letter:
    """The next message of a dead-letter queue."""
    sqs = cloud.aws("sqs")
    [message] = eventually(
        lambda: sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages"), seconds
    )
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    return Letter(json.loads(message["Body"]), attributes)


def unvalidated(cloud: Cloud, service: str) -> Any:
    """A client that sends what the SDK would refuse, such as ages that a test need not wait for."""
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=cloud.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(parameter_validation=False),
    )


class Rule:
    """A rule for everything of source "tests" on a bus of its own."""

    def __init__(self, cloud: Cloud, events: Any = None) -> None:
        self._events = events or cloud.aws("events")
        self.bus, self._name = unique("bus"), unique("rule")
        self._events.create_event_bus(Name=self.bus)
        pattern = json.dumps({"source": ["tests"]})
        self.arn: str = self._events.put_rule(Name=self._name, EventBusName=self.bus, EventPattern=pattern)["RuleArn"]
        self._targets = 0

    def add(self, target: str, dead_letters: str | None = None, **more: Any) -> None:
        self._targets += 1
        found = {"Id": str(self._targets), "Arn": target, **more}
        if dead_letters:
            found["DeadLetterConfig"] = {"Arn": dead_letters}
        answer = self._events.put_targets(Rule=self._name, EventBusName=self.bus, Targets=[found])
        assert answer["FailedEntryCount"] == 0

    def put(self, n: int = 1) -> None:
        entry = {"Source": "tests", "DetailType": "happened", "Detail": json.dumps({"n": n}), "EventBusName": self.bus}
        assert self._events.put_events(Entries=[entry])["FailedEntryCount"] == 0


@dataclass
class Endpoint:
    """An HTTP endpoint behind an API destination; `refuse` answers with 503, then it takes what comes."""

    url: str = ""
    refuse: int = 0
    bodies: list[Any] = field(default_factory=list)
    hold: threading.Event | None = None


@contextmanager
def endpoint(refuse: int) -> Iterator[Endpoint]:
    found = Endpoint(refuse=refuse)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if found.hold:
                found.hold.wait(4)
            self.send_response(503 if len(found.bodies) <= found.refuse else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Keep the output of the tests clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def api_destination(cloud: Cloud, url: str) -> tuple[str, str]:
    """(ARN of a new API destination, ARN of a role that may invoke it)."""
    events = cloud.aws("events")
    connection = events.create_connection(
        Name=unique("connection"),
        AuthorizationType="API_KEY",
        AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "value"}},
    )["ConnectionArn"]
    arn = events.create_api_destination(
        Name=unique("destination"), ConnectionArn=connection, InvocationEndpoint=url, HttpMethod="POST"
    )["ApiDestinationArn"]
    return arn, role(cloud, "events.amazonaws.com", ["events:InvokeApiDestination"], ["*"])
