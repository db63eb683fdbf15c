"""Asynchronous invocations: accepted at once, retried, destinations by qualifier, dead-letter messages."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.local.settings import REGION
from tests.stack.conformance.cloud import Cloud, Function, unique
from tests.stack.conformance.targets import open_queue
from tests.waiting import eventually

CODE = """
import json, time
def handler(event, context):
    print("CALL " + json.dumps([context.invoked_function_arn, context.aws_request_id, event, time.time()]))
    time.sleep(event.get("sleep", 0))
    if event.get("fail"): raise ValueError(event["fail"])
    return {"seen": event}
"""
DESTINATION_ACTIONS = ["sqs:SendMessage", "events:PutEvents", "lambda:InvokeFunction"]


@pytest.fixture(scope="module")
def function(cloud: Cloud) -> Function:
    """A function with the alias live and the right to reach every destination."""
    made = cloud.function(CODE)
    made.allow(DESTINATION_ACTIONS, ["*"])
    cloud.aws("lambda").create_alias(FunctionName=made.name, Name="live", FunctionVersion="1")
    return made


def send(function: Function, event: dict[str, Any], **more: str) -> str:
    """Invoke asynchronously; the request id."""
    answer = function.cloud.aws("lambda").invoke(
        FunctionName=function.name, InvocationType="Event", Payload=json.dumps(event), **more
    )
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    return str(answer["ResponseMetadata"]["RequestId"])


def calls(function: Function, request_id: str) -> list[Any]:
    lines = [line for lines in function.logs().values() for line in lines if line.startswith("CALL ")]
    found = [json.loads(line[5:]) for line in lines]
    return sorted((call for call in found if call[1] == request_id), key=lambda call: call[3])


def configure(function: Function, qualifier: str, **settings: Any) -> None:
    """Set the event invoke config of a qualifier, ages below the API's 60 s included: no test waits for a minute."""
    client: Any = boto3.client(
        "lambda",
        endpoint_url=function.cloud.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(parameter_validation=False),
    )
    client.put_function_event_invoke_config(FunctionName=function.name, Qualifier=qualifier, **settings)


def test_a_failed_event_is_run_again_twice_with_the_same_request_id(function: Function) -> None:
    request_id = send(function, {"fail": "always"})
    eventually(lambda: len(calls(function, request_id)) == 3)
    first, second, third = (call[3] for call in calls(function, request_id))
    # The wait grows: one minute, then two, on AWS.
    assert 0.3 <= second - first < third - second


def test_destinations_are_those_of_the_qualifier(cloud: Cloud, function: Function) -> None:
    success, success_arn = cloud.queue()
    failure, failure_arn = cloud.queue()
    other, other_arn = cloud.queue()
    to = {"OnSuccess": {"Destination": success_arn}, "OnFailure": {"Destination": failure_arn}}
    configure(function, "live", MaximumRetryAttempts=1, DestinationConfig=to)
    configure(function, "$LATEST", MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": other_arn}})
    well = send(function, {"n": 1}, Qualifier="live")
    badly = send(function, {"fail": "stock"}, Qualifier="live")
    latest = send(function, {"fail": "latest"})
    [record] = cloud.receive(success)
    assert record["timestamp"].endswith("Z")
    del record["timestamp"]
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": well,
            "functionArn": f"{function.arn}:live",
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"n": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "1"},
        "responsePayload": {"seen": {"n": 1}},
    }
    [record] = cloud.receive(failure)
    assert record["requestContext"] == {
        "requestId": badly,
        "functionArn": f"{function.arn}:live",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 2,
    }
    assert record["requestPayload"] == {"fail": "stock"}
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "1", "functionError": "Unhandled"}
    assert record["responsePayload"]["errorType"] == "ValueError"
    [record] = cloud.receive(other)
    assert record["requestContext"]["requestId"] == latest
    assert record["requestContext"]["functionArn"] == f"{function.arn}:$LATEST"
    assert record["requestContext"]["approximateInvokeCount"] == 1


def test_an_event_bus_and_a_function_are_destinations(cloud: Cloud) -> None:
    events, bus = cloud.aws("events"), unique("bus")
    bus_arn = events.create_event_bus(Name=bus)["EventBusArn"]
    url, queue = open_queue(cloud)
    events.put_rule(Name=unique("rule"), EventBusName=bus, EventPattern='{"source": ["lambda"]}')
    [rule] = events.list_rules(EventBusName=bus)["Rules"]
    events.put_targets(Rule=rule["Name"], EventBusName=bus, Targets=[{"Id": "1", "Arn": queue}])
    next_one, source = cloud.function(CODE), cloud.function(CODE)
    source.allow(DESTINATION_ACTIONS, ["*"])
    to = {"OnSuccess": {"Destination": next_one.arn}, "OnFailure": {"Destination": bus_arn}}
    configure(source, "$LATEST", MaximumRetryAttempts=0, DestinationConfig=to)
    well = send(source, {"n": 2})
    badly = send(source, {"fail": "once"})
    eventually(lambda: f'"requestId": "{well}"' in str(next_one.logs()))
    [event] = cloud.receive(url)
    assert event["detail-type"] == "Lambda Function Invocation Result - Failure"
    assert event["resources"] == [bus_arn, f"{source.arn}:$LATEST"]
    assert event["detail"]["requestContext"]["requestId"] == badly


def test_a_dead_letter_message_is_the_event_with_three_attributes(cloud: Cloud) -> None:
    url, queue = cloud.queue()
    function = cloud.function(CODE, DeadLetterConfig={"TargetArn": queue})
    function.allow(DESTINATION_ACTIONS, ["*"])
    configure(function, "$LATEST", MaximumRetryAttempts=0)
    request_id = send(function, {"fail": "x" * 2000})
    [message] = eventually(
        lambda: cloud.aws("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages")
    )
    assert json.loads(message["Body"]) == {"fail": "x" * 2000}
    assert {
        name: (found["DataType"], found["StringValue"]) for name, found in message["MessageAttributes"].items()
    } == {
        "RequestID": ("String", request_id),
        "ErrorCode": ("Number", "200"),
        "ErrorMessage": ("String", "x" * 1024),
    }


def test_an_event_that_is_too_old_is_given_up(cloud: Cloud) -> None:
    url, queue = cloud.queue()
    function = cloud.function(CODE)
    function.allow(DESTINATION_ACTIONS, ["*"])
    configure(
        function,
        "$LATEST",
        MaximumEventAgeInSeconds=1,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    request_id = send(function, {"fail": "again", "sleep": 0.5})
    [record] = cloud.receive(url)
    assert record["requestContext"]["requestId"] == request_id
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == 2


def test_events_of_a_function_without_concurrency_go_to_the_destination_at_once(cloud: Cloud) -> None:
    url, queue = cloud.queue()
    function = cloud.function(CODE)
    function.allow(DESTINATION_ACTIONS, ["*"])
    configure(function, "$LATEST", DestinationConfig={"OnFailure": {"Destination": queue}})
    cloud.aws("lambda").put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
    request_id = send(function, {"n": 1})
    [record] = cloud.receive(url)
    assert record["requestContext"]["requestId"] == request_id
    assert record["requestPayload"] == {"n": 1}
    assert not calls(function, request_id)


def test_a_throttled_event_waits_without_using_up_its_retries(cloud: Cloud) -> None:
    function = cloud.function("import time\ndef handler(event, context):\n print('CALL'); time.sleep(0.7)", timeout=3)
    configure(function, "$LATEST", MaximumRetryAttempts=0)
    cloud.aws("lambda").put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=1)
    for _ in range(3):
        send(function, {})
    eventually(lambda: sum(line == "CALL" for lines in function.logs().values() for line in lines) == 3)


def test_without_the_right_nothing_reaches_the_destination(cloud: Cloud) -> None:
    url, queue = cloud.queue()
    function = cloud.function(CODE)
    configure(function, "$LATEST", DestinationConfig={"OnSuccess": {"Destination": queue}})
    first = send(function, {"n": 1})
    eventually(lambda: calls(function, first))
    function.allow(["sqs:SendMessage"], [queue])
    second = send(function, {"n": 2})
    assert [record["requestContext"]["requestId"] for record in cloud.receive(url)] == [second]


def metric(function: Function, name: str, statistic: str = "Sum") -> float | None:
    now = datetime.now(UTC)
    answer = function.cloud.aws("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=name,
        Dimensions=[
            {"Name": "FunctionName", "Value": function.name},
            {"Name": "Resource", "Value": f"{function.name}:live"},
        ],
        StartTime=now - timedelta(days=1),
        EndTime=now + timedelta(days=1),
        Period=86400,
        Statistics=[statistic],
    )
    return next((point[statistic] for point in answer["Datapoints"]), None)


def test_metrics_count_what_was_received_dropped_and_undeliverable(cloud: Cloud) -> None:
    _, queue = cloud.queue()
    function = cloud.function(CODE, DeadLetterConfig={"TargetArn": queue})
    cloud.aws("lambda").create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    configure(function, "live", MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": queue}})
    send(function, {"fail": "always"}, Qualifier="live")
    send(function, {"n": 1}, Qualifier="live")
    eventually(lambda: metric(function, "AsyncEventsDropped") == 1 and metric(function, "Invocations") == 3)
    assert metric(function, "AsyncEventsReceived") == 2
    assert (metric(function, "AsyncEventAge", "Maximum") or 0) >= 300
    assert metric(function, "DestinationDeliveryFailures") == 1
    assert metric(function, "DeadLetterErrors") == 1


def test_an_event_has_at_most_one_megabyte(function: Function) -> None:
    with pytest.raises(ClientError, match="payload is too large for the Event invocation type"):
        send(function, {"padding": "x" * 1024 * 1024})
    send(function, {"padding": "x" * 1024 * 1000})


def test_an_event_invoke_config_is_read_back_as_it_was_set(cloud: Cloud) -> None:
    function, api = cloud.function(CODE), cloud.aws("lambda")
    api.put_function_event_invoke_config(FunctionName=function.name, Qualifier="$LATEST", MaximumRetryAttempts=1)
    found = api.get_function_event_invoke_config(FunctionName=function.name)
    assert (found["FunctionArn"], found["MaximumRetryAttempts"]) == (f"{function.arn}:$LATEST", 1)
    assert "MaximumEventAgeInSeconds" not in found
    with pytest.raises(ClientError, match="doesn't have an EventInvokeConfig"):
        api.get_function_event_invoke_config(FunctionName=function.name, Qualifier="1")
    api.delete_function_event_invoke_config(FunctionName=function.name)
    with pytest.raises(ClientError, match="doesn't have an EventInvokeConfig"):
        api.get_function_event_invoke_config(FunctionName=function.name, Qualifier="$LATEST")
