"""What the conformance tests make on the local cloud: roles, functions, tables with streams, queues and REST APIs."""

import io
import itertools
import json
import zipfile
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from scripts.local.settings import ACCOUNT_ID, REGION
from tests.waiting import eventually

_NUMBER = itertools.count(1)
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
STREAM_ACTIONS = [
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "sqs:SendMessage",
]


@cache
def _client(service: str, endpoint: str) -> Any:
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=64, read_timeout=60),
    )


def archive(files: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as target:
        for name, text in files.items():
            target.writestr(name, text)
    return content.getvalue()


def unique(name: str) -> str:
    return f"{name}-{next(_NUMBER)}"


@dataclass(frozen=True)
class Invoked:
    """The answer to an Invoke call."""

    value: Any
    error: str | None
    version: str | None
    log: str


@dataclass(frozen=True)
class Function:
    """A deployed function."""

    cloud: "Cloud" = field(repr=False)
    name: str
    arn: str
    role: str

    @property
    def log_group(self) -> str:
        return f"/aws/lambda/{self.name}"

    def invoke(self, event: Any = None, qualifier: str | None = None) -> Invoked:
        import base64

        answer = self.cloud.aws("lambda").invoke(
            FunctionName=self.name,
            Payload=json.dumps(event),
            LogType="Tail",
            **({"Qualifier": qualifier} if qualifier else {}),
        )
        return Invoked(
            json.loads(answer["Payload"].read()),
            answer.get("FunctionError"),
            answer.get("ExecutedVersion"),
            base64.b64decode(answer.get("LogResult", "")).decode(),
        )

    def logs(self) -> dict[str, list[str]]:
        """The log lines by stream."""
        logs = self.cloud.aws("logs")
        streams = logs.describe_log_streams(logGroupName=self.log_group)["logStreams"]
        return {
            stream["logStreamName"]: [
                event["message"]
                for event in logs.get_log_events(
                    logGroupName=self.log_group, logStreamName=stream["logStreamName"], startFromHead=True
                )["events"]
            ]
            for stream in streams
        }

    def allow(self, actions: list[str], resources: list[str]) -> None:
        """Give the role exactly these rights."""
        statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
        self.cloud.aws("iam").put_role_policy(
            RoleName=self.role,
            PolicyName="rights",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )


@dataclass(frozen=True)
class Cloud:
    """A started local cloud."""

    endpoint: str

    def aws(self, service: str) -> Any:
        return _client(service, self.endpoint)

    def function(
        self,
        code: str,
        *,
        layers: list[dict[str, str]] | None = None,
        timeout: int = 5,
        files: dict[str, str] | None = None,
        **more: Any,
    ) -> Function:
        """Deploy `code` as app.py with the handler app.handler, and give it a role, a log group and version 1."""
        name = unique("function")
        self.aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))
        self.aws("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
        arns = [
            self.aws("lambda").publish_layer_version(LayerName=unique("layer"), Content={"ZipFile": archive(layer)})[
                "LayerVersionArn"
            ]
            for layer in layers or []
        ]
        settings = {"Handler": "app.handler", **more}
        made = self.aws("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=f"arn:aws:iam::{ACCOUNT_ID}:role/{name}",
            Layers=arns,
            Code={"ZipFile": archive({"app.py": code, **(files or {})})},
            Timeout=timeout,
            Publish=True,
            **settings,
        )
        return Function(self, name, made["FunctionArn"].removesuffix(":1"), name)

    def queue(self) -> tuple[str, str]:
        """(URL, ARN) of a new queue."""
        url = self.aws("sqs").create_queue(QueueName=unique("queue"))["QueueUrl"]
        arn = self.aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return url, arn

    def receive(self, url: str, seconds: float = 10) -> list[Any]:
        """The bodies of the messages that are in a queue as soon as there is one."""
        sqs = self.aws("sqs")
        found: list[dict[str, str]] = eventually(
            lambda: sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"), seconds
        )
        return [json.loads(message["Body"]) for message in found]

    def table(self, *, sort: bool = False) -> tuple[str, str]:
        """(name, stream ARN) of a new table with the key `id` (and `number`) and a stream of new images."""
        attributes = [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "number", "AttributeType": "N"}]
        keys = [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "number", "KeyType": "RANGE"}]
        count = 2 if sort else 1
        made = self.aws("dynamodb").create_table(
            TableName=unique("table"),
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=attributes[:count],
            KeySchema=keys[:count],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )["TableDescription"]
        return made["TableName"], made["LatestStreamArn"]

    def put(self, table: str, *ids: str) -> None:
        for key in ids:
            self.aws("dynamodb").put_item(TableName=table, Item={"id": {"S": key}})

    def results(self) -> tuple[str, str]:
        """(name, ARN) of a table in which functions note what they saw."""
        made = self.aws("dynamodb").create_table(
            TableName=unique("results"),
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )["TableDescription"]
        return made["TableName"], made["TableArn"]
