"""What a state machine's execution role must allow for each integration, and AWS's error when it does not."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from scripts.local import engine, roles
from scripts.local.functions import aliases
from scripts.local.settings import ACCOUNT_ID, REGION

LAMBDA = "arn:aws:states:::lambda:invoke"


class Right(NamedTuple):
    """An IAM action on the ARN of a resource."""

    action: str
    resource: str


class Denial(NamedTuple):
    """How Step Functions names a refused call: the base exception of the service's SDK."""

    error: str
    service: str
    status: int


DENIALS = {
    "lambda": Denial("Lambda.AWSLambdaException", "AWSLambda", 403),
    "dynamodb": Denial("DynamoDB.AmazonDynamoDBException", "AmazonDynamoDBv2", 400),
    "sqs": Denial("SQS.AmazonSQSException", "AmazonSQS", 403),
    "sns": Denial("SNS.AmazonSNSException", "AmazonSNS", 403),
    "events": Denial("EventBridge.AmazonEventBridgeException", "AmazonEventBridge", 400),
    "states": Denial("StepFunctions.AWSStepFunctionsException", "AWSStepFunctions", 400),
}


def of_task(resource: str, arguments: Any) -> list[Right]:
    """The rights that an optimized integration or a function needs; none for activities and aws-sdk calls."""
    if ":function:" in resource:
        return [Right("lambda:InvokeFunction", resource)]
    if not isinstance(arguments, dict) or not resource.startswith("arn:aws:states:::"):
        return []
    service, action = resource.removeprefix("arn:aws:states:::").split(":")[:2]
    action = action.partition(".")[0]
    name = "lambda:InvokeFunction" if service == "lambda" else f"{service}:{action[0].upper()}{action[1:]}"
    return [Right(name, arn) for arn in _resources(service, arguments)]


def _resources(service: str, arguments: dict[str, Any]) -> list[str]:
    """The ARNs that a call names; none for a service that has no optimized integration here."""
    if service == "events":
        buses = {entry.get("EventBusName") or "default" for entry in arguments.get("Entries") or []}
        return [_arn("events", "event-bus/", bus) for bus in sorted(buses)]
    one = {
        "dynamodb": lambda: _arn("dynamodb", "table/", arguments.get("TableName")),
        "lambda": lambda: function_arn(arguments),
        "sns": lambda: str(arguments.get("TopicArn") or arguments.get("TargetArn") or "*"),
        "sqs": lambda: _arn("sqs", "", str(arguments.get("QueueUrl", "")).rpartition("/")[2]),
        "states": lambda: str(arguments.get("StateMachineArn") or arguments.get("stateMachineArn") or "*"),
    }.get(service)
    return [one()] if one else []


def function_arn(arguments: dict[str, Any]) -> str:
    """The ARN that lambda:invoke calls, with the qualifier of FunctionName or Qualifier."""
    name, qualifier = aliases.split_reference(str(arguments.get("FunctionName", "")))
    qualifier = qualifier or arguments.get("Qualifier")
    return _arn("lambda", "function:", name) + (f":{qualifier}" if qualifier else "")


def _arn(service: str, kind: str, name: object) -> str:
    text = str(name or "")
    return text if text.startswith("arn:") else f"arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{kind}{text}"


def require(role: str, rights: list[Right]) -> None:
    """Raise the task's error unless the role has the rights."""
    for right in rights:
        if not roles.allows(role, right.action, right.resource):
            denial = DENIALS[right.action.partition(":")[0]]
            raise engine.service("stepfunctions")._ExecutionError(denial.error, denied(role, right, denial))


def denied(role: str, right: Right, denial: Denial) -> str:
    session = role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
    return (
        f"User: {session}/{uuid.uuid4().hex} is not authorized to perform: {right.action} "
        f"on resource: {right.resource} because no identity-based policy allows the {right.action} action "
        f"(Service: {denial.service}; Status Code: {denial.status}; Error Code: AccessDeniedException; "
        f"Request ID: {uuid.uuid4()}; Proxy: null)"
    )
