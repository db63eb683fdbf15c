"""Task states: the execution role must allow each call, and Lambda's errors have AWS's names."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from scripts.local.settings import ACCOUNT_ID, REGION
from tests.stack.conformance.cloud import Cloud, archive, unique
from tests.stack.conformance.service_roles import grant
from tests.stack.conformance.workflows import Machine, machine, task
from tests.waiting import eventually

ECHO = "def handler(event, context): return [context.invoked_function_arn, context.function_version, event]"
OPTIMIZED = "arn:aws:states:::"
SDK = "arn:aws:states:::aws-sdk:"
Made = tuple[dict[str, Any], str, str]
"""A state, and the action and resource that it needs."""


def function_by_arn(cloud: Cloud) -> Made:
    function = cloud.function(ECHO)
    return task(function.arn, {"n": 1}), "lambda:InvokeFunction", function.arn


def function_by_name(cloud: Cloud) -> Made:
    function = cloud.function(ECHO)
    arguments = {"FunctionName": function.name, "Payload": {"n": 1}}
    return task(OPTIMIZED + "lambda:invoke", arguments), "lambda:InvokeFunction", function.arn


def put_item(cloud: Cloud) -> Made:
    name, arn = cloud.results()
    return task(OPTIMIZED + "dynamodb:putItem", _item(name)), "dynamodb:PutItem", arn


def put_item_by_sdk(cloud: Cloud) -> Made:
    name, arn = cloud.results()
    return task(SDK + "dynamodb:putItem", _item(name)), "dynamodb:PutItem", arn


def transact_by_sdk(cloud: Cloud) -> Made:
    name, arn = cloud.results()
    arguments = {"TransactItems": [{"Put": _item(name)}]}
    return task(SDK + "dynamodb:transactWriteItems", arguments), "dynamodb:PutItem", arn


def _item(table: str) -> dict[str, Any]:
    return {"TableName": table, "Item": {"id": {"S": "1"}}}


def send_message(cloud: Cloud) -> Made:
    url, arn = cloud.queue()
    return task(OPTIMIZED + "sqs:sendMessage", {"QueueUrl": url, "MessageBody": "m"}), "sqs:SendMessage", arn


def send_message_by_sdk(cloud: Cloud) -> Made:
    url, arn = cloud.queue()
    return task(SDK + "sqs:sendMessage", {"QueueUrl": url, "MessageBody": "m"}), "sqs:SendMessage", arn


def publish(cloud: Cloud) -> Made:
    arn = cloud.aws("sns").create_topic(Name=unique("topic"))["TopicArn"]
    return task(OPTIMIZED + "sns:publish", {"TopicArn": arn, "Message": "m"}), "sns:Publish", arn


def put_events(cloud: Cloud) -> Made:
    name = unique("bus")
    arn = cloud.aws("events").create_event_bus(Name=name)["EventBusArn"]
    entry = {"Source": "tests", "DetailType": "t", "Detail": {"n": 1}, "EventBusName": name}
    return task(OPTIMIZED + "events:putEvents", {"Entries": [entry]}), "events:PutEvents", arn


def start_execution(cloud: Cloud) -> Made:
    inner = machine(cloud, {"Only": {"Type": "Succeed"}})
    return task(OPTIMIZED + "states:startExecution", {"StateMachineArn": inner.arn}), "states:StartExecution", inner.arn


def get_alias_by_sdk(cloud: Cloud) -> Made:
    function = cloud.function(ECHO)
    cloud.aws("lambda").create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    return (
        task(SDK + "lambda:getAlias", {"FunctionName": function.name, "Name": "live"}),
        "lambda:GetAlias",
        function.arn,
    )


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (function_by_arn, "Lambda.AWSLambdaException"),
        (function_by_name, "Lambda.AWSLambdaException"),
        (put_item, "DynamoDB.AmazonDynamoDBException"),
        (put_item_by_sdk, "DynamoDb.DynamoDbException"),
        (transact_by_sdk, "DynamoDb.DynamoDbException"),
        (send_message, "SQS.AmazonSQSException"),
        (send_message_by_sdk, "Sqs.SqsException"),
        (publish, "SNS.AmazonSNSException"),
        (put_events, "EventBridge.AmazonEventBridgeException"),
        (start_execution, "StepFunctions.AWSStepFunctionsException"),
        (get_alias_by_sdk, "Lambda.LambdaException"),
    ],
)
def test_the_execution_role_must_allow_the_call(cloud: Cloud, make: Callable[[Cloud], Made], error: str) -> None:
    state, action, resource = make(cloud)
    made = machine(cloud, {"Only": state}, rights=[])
    denied = made.run()
    assert (denied["status"], denied["error"]) == ("FAILED", error)
    assert f"is not authorized to perform: {action} on resource: {resource}" in denied["cause"]
    grant(cloud, made.role, [action], f"{resource}x")
    assert made.run()["error"] == error
    grant(cloud, made.role, [action], resource)
    assert made.run()["status"] == "SUCCEEDED"


def test_a_state_machine_needs_a_role_that_step_functions_may_assume(cloud: Cloud) -> None:
    api = cloud.aws("stepfunctions")
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/{cloud.function(ECHO).role}"
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    with pytest.raises(api.exceptions.ClientError, match=r"AccessDeniedException.*states\.amazonaws\.com"):
        api.create_state_machine(name=unique("machine"), definition=definition, roleArn=role)


def calling(cloud: Cloud, code: str, **settings: Any) -> Machine:
    return machine(cloud, {"Only": task(cloud.function(code, **settings).arn, {})})


def test_a_function_s_error_is_its_type_and_the_cause_its_json(cloud: Cloud) -> None:
    code = "class PaymentDeclined(Exception): pass\ndef handler(event, context): raise PaymentDeclined('no funds')"
    ended = calling(cloud, code).run()
    assert ended["error"] == "PaymentDeclined"
    cause = json.loads(ended["cause"])
    assert (cause["errorType"], cause["errorMessage"]) == ("PaymentDeclined", "no funds")


def test_a_function_s_time_out_and_exit_have_lambda_s_types(cloud: Cloud) -> None:
    slow = calling(cloud, "import time\ndef handler(event, context): time.sleep(9)", timeout=1)
    assert slow.run()["error"] == "Sandbox.Timedout"
    gone = calling(cloud, "import os\ndef handler(event, context): os._exit(1)")
    assert gone.run()["error"] == "Runtime.ExitError"


def test_a_missing_function_is_a_resource_not_found_exception(cloud: Cloud) -> None:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:none"
    assert machine(cloud, {"Only": task(arn, {})}).run()["error"] == "Lambda.ResourceNotFoundException"


def test_a_throttled_function_is_too_many_requests_and_can_be_retried(cloud: Cloud) -> None:
    function = cloud.function(ECHO)
    cloud.aws("lambda").put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
    assert machine(cloud, {"Only": task(function.arn, {})}).run()["error"] == "Lambda.TooManyRequestsException"
    retry = {
        "ErrorEquals": ["Lambda.TooManyRequestsException"],
        "IntervalSeconds": 1,
        "MaxAttempts": 20,
        "BackoffRate": 1,
    }
    patient = machine(cloud, {"Only": task(function.arn, {}, Retry=[retry])})
    execution = patient.start()
    eventually(lambda: [one for one in patient.history(execution) if one["type"] == "TaskFailed"])
    cloud.aws("lambda").delete_function_concurrency(FunctionName=function.name)
    assert patient.ended(execution)["status"] == "SUCCEEDED"


def test_lambda_invoke_says_which_version_of_the_alias_ran(cloud: Cloud) -> None:
    function, api = cloud.function(ECHO), cloud.aws("lambda")
    api.update_function_code(FunctionName=function.name, ZipFile=archive({"app.py": ECHO + "# 2"}), Publish=True)
    api.create_alias(FunctionName=function.name, Name="live", FunctionVersion="2")
    arguments = {"FunctionName": f"{function.arn}:live", "Payload": {"n": 1}}
    answer = machine(cloud, {"Only": task(OPTIMIZED + "lambda:invoke", arguments)}).output()
    assert answer["ExecutedVersion"] == "2"
    assert answer["Payload"] == [f"{function.arn}:live", "2", {"n": 1}]


def test_a_callback_task_fails_when_its_call_fails(cloud: Cloud) -> None:
    failing = cloud.function("def handler(event, context): raise ValueError('no')")
    arguments = {"FunctionName": failing.name, "Payload": {"token.$": "$$.Task.Token"}}
    made = machine(cloud, {"Only": task(OPTIMIZED + "lambda:invoke.waitForTaskToken", arguments)})
    assert made.run()["error"] == "ValueError"


def test_a_callback_ends_the_task_with_its_output(cloud: Cloud) -> None:
    url, _ = cloud.queue()
    arguments = {"QueueUrl": url, "MessageBody": {"token.$": "$$.Task.Token"}}
    state = task(OPTIMIZED + "sqs:sendMessage.waitForTaskToken", arguments)
    made = machine(cloud, {"Only": state}, rights=["sqs:SendMessage"])
    execution = made.start()
    [message] = cloud.receive(url)
    cloud.aws("stepfunctions").send_task_success(taskToken=message["token"], output='{"answer":42}')
    assert json.loads(made.ended(execution)["output"]) == {"answer": 42}
