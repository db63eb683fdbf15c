"""Targets of rules: permissions, retries, the age cap, dead letters with AWS's attributes, inputs, independence."""

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scripts.local.settings import ACCOUNT_ID, REGION
from tests.stack.conformance.cloud import Cloud
from tests.stack.conformance.targets import (
    Rule,
    api_destination,
    endpoint,
    let_in,
    letter,
    open_queue,
    role,
    unvalidated,
)
from tests.waiting import eventually

FUNCTION = """
def handler(event, context):
    print("CALL", context.invoked_function_arn)
"""


@pytest.fixture
def rule(cloud: Cloud) -> Rule:
    return Rule(cloud)


def test_a_failing_target_is_retried_and_then_goes_to_the_dead_letter_queue(cloud: Cloud, rule: Rule) -> None:
    url, dead_letters = open_queue(cloud, rule.arn)
    with endpoint(refuse=99) as failing:
        arn, may_invoke = api_destination(cloud, failing.url)
        rule.add(arn, dead_letters, RoleArn=may_invoke, RetryPolicy={"MaximumRetryAttempts": 2})
        rule.put()
        found = letter(cloud, url)
    assert [body["detail"] for body in failing.bodies] == [{"n": 1}] * 3
    assert found.body == failing.bodies[0]
    message = found.attributes.pop("ERROR_MESSAGE")
    assert "503" in message
    assert found.attributes == {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": arn,
        "ERROR_CODE": "ERROR_FROM_TARGET",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        "RETRY_ATTEMPTS": "2",
    }


def test_what_becomes_of_deliveries_is_a_metric_of_the_rule(cloud: Cloud, rule: Rule) -> None:
    url, dead_letters = open_queue(cloud)
    rule.add(f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:gone", dead_letters)
    rule.add(open_queue(cloud)[1])
    rule.put()
    letter(cloud, url)
    now = datetime.now(UTC)
    sums = {
        name: [
            point["Sum"]
            for point in cloud.aws("cloudwatch").get_metric_statistics(
                Namespace="AWS/Events",
                MetricName=name,
                Dimensions=[
                    {"Name": "EventBusName", "Value": rule.bus},
                    {"Name": "RuleName", "Value": rule.arn.rpartition("/")[2]},
                ],
                StartTime=now - timedelta(hours=1),
                EndTime=now + timedelta(minutes=1),
                Period=86400,
                Statistics=["Sum"],
            )["Datapoints"]
        ]
        for name in ("Invocations", "FailedInvocations", "InvocationsSentToDlq")
    }
    assert sums == {"Invocations": [1.0], "FailedInvocations": [1.0], "InvocationsSentToDlq": [1.0]}


def test_a_target_that_recovers_gets_the_event_once(cloud: Cloud, rule: Rule) -> None:
    with endpoint(refuse=2) as recovering:
        arn, may_invoke = api_destination(cloud, recovering.url)
        rule.add(arn, RoleArn=may_invoke)
        rule.put()
        eventually(lambda: len(recovering.bodies) == 3)
        rule.put(2)
        eventually(lambda: len(recovering.bodies) == 4)
    assert [body["detail"]["n"] for body in recovering.bodies] == [1, 1, 1, 2]


def test_an_event_that_is_too_old_is_given_up(cloud: Cloud) -> None:
    url, dead_letters = open_queue(cloud)
    rule = Rule(cloud, unvalidated(cloud, "events"))
    with endpoint(refuse=99) as failing:
        arn, may_invoke = api_destination(cloud, failing.url)
        # The API's smallest age is 60 s; the engine takes any, and so the test need not wait for a minute.
        rule.add(arn, dead_letters, RoleArn=may_invoke, RetryPolicy={"MaximumEventAgeInSeconds": 1})
        rule.put()
        found = letter(cloud, url)
    assert found.attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"
    assert int(found.attributes["RETRY_ATTEMPTS"]) == len(failing.bodies) - 1 >= 1


def test_a_target_that_is_gone_goes_to_the_dead_letter_queue_without_retries(cloud: Cloud, rule: Rule) -> None:
    url, dead_letters = open_queue(cloud)
    rule.add(f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:gone", dead_letters)
    rule.put()
    found = letter(cloud, url)
    assert (found.attributes["ERROR_CODE"], found.attributes["RETRY_ATTEMPTS"]) == ("NO_RESOURCE", "0")
    assert "EXHAUSTED_RETRY_CONDITION" not in found.attributes


def test_a_function_must_let_the_rule_in_by_the_alias_that_it_names(cloud: Cloud, rule: Rule) -> None:
    url, dead_letters = open_queue(cloud)
    function, functions = cloud.function(FUNCTION), cloud.aws("lambda")
    functions.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    rule.add(f"{function.arn}:live", dead_letters)
    grant = {
        "FunctionName": function.name,
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceArn": rule.arn,
    }
    functions.add_permission(StatementId="unqualified", **grant)
    rule.put()
    assert letter(cloud, url).attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    functions.add_permission(StatementId="live", Qualifier="live", **grant)
    rule.put()
    eventually(lambda: [line for lines in function.logs().values() for line in lines if line.startswith("CALL")])
    calls = [line for lines in function.logs().values() for line in lines if line.startswith("CALL")]
    assert calls == [f"CALL {function.arn}:live"]


def test_a_queue_s_policy_must_let_the_rule_in(cloud: Cloud, rule: Rule) -> None:
    dead_url, dead_letters = open_queue(cloud)
    url, allowed = open_queue(cloud, rule.arn)
    _, refused = open_queue(cloud, f"{rule.arn}-not")
    rule.add(allowed)
    rule.add(refused, dead_letters)
    rule.put()
    assert [event["detail"] for event in cloud.receive(url)] == [{"n": 1}]
    found = letter(cloud, dead_url)
    assert (found.attributes["ERROR_CODE"], found.attributes["TARGET_ARN"]) == ("NO_PERMISSIONS", refused)


def test_a_topic_s_policy_must_let_the_rule_in(cloud: Cloud, rule: Rule) -> None:
    dead_url, dead_letters = open_queue(cloud)
    url, queue = cloud.queue()
    sns = cloud.aws("sns")
    topic = sns.create_topic(Name=rule.bus)["TopicArn"]
    let_in(cloud, url, queue, "sns.amazonaws.com", topic)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    rule.add(topic, dead_letters)
    rule.put()
    assert letter(cloud, dead_url).attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    rule.put(2)
    assert [event["detail"] for event in cloud.receive(url)] == [{"n": 2}]


def test_a_workflow_needs_a_role_that_eventbridge_can_assume_and_that_may_start_it(cloud: Cloud, rule: Rule) -> None:
    url, dead_letters = open_queue(cloud)
    machine = cloud.aws("stepfunctions").create_state_machine(
        name=rule.bus,
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
        roleArn=role(cloud, "states.amazonaws.com", [], []),
    )["stateMachineArn"]
    strange = role(cloud, "lambda.amazonaws.com", ["states:StartExecution"], [machine])
    weak = role(cloud, "events.amazonaws.com", ["states:StartExecution"], [f"{machine}-not"])
    rule.add(machine, dead_letters, RoleArn=strange)
    rule.put()
    assert letter(cloud, url).attributes["ERROR_CODE"] == "FAILED_TO_ASSUME_ROLE"
    other = Rule(cloud)
    other.add(machine, dead_letters, RoleArn=weak)
    other.put()
    assert letter(cloud, url).attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    good = Rule(cloud)
    good.add(machine, RoleArn=role(cloud, "events.amazonaws.com", ["states:StartExecution"], [machine]))
    good.put(7)
    workflows = cloud.aws("stepfunctions")
    [execution] = eventually(lambda: workflows.list_executions(stateMachineArn=machine)["executions"])
    started = workflows.describe_execution(executionArn=execution["executionArn"])
    assert json.loads(started["input"])["detail"] == {"n": 7}


def test_a_queue_without_a_policy_for_eventbridge_gets_no_dead_letters(cloud: Cloud, rule: Rule) -> None:
    closed_url, closed = cloud.queue()
    url, dead_letters = open_queue(cloud)
    gone = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:gone"
    rule.add(gone, closed)
    rule.add(gone, dead_letters)
    rule.put()
    assert letter(cloud, url).attributes["TARGET_ARN"] == gone
    assert "Messages" not in cloud.aws("sqs").receive_message(QueueUrl=closed_url)


def test_inputs_are_made_of_the_event(cloud: Cloud, rule: Rule) -> None:
    template = {
        "InputPathsMap": {"n": "$.detail.n"},
        "InputTemplate": '{"number": <n>, "rule": "<aws.events.rule-arn>"}',
    }
    wanted: list[tuple[dict[str, Any], Any]] = [
        ({"Input": '{"fixed": true}'}, {"fixed": True}),
        ({"InputPath": "$.detail"}, {"n": 3}),
        ({"InputTransformer": template}, {"number": 3, "rule": rule.arn}),
    ]
    urls = []
    for target, _ in wanted:
        url, arn = open_queue(cloud)
        urls.append(url)
        rule.add(arn, **target)
    rule.put(3)
    assert [cloud.receive(url) for url in urls] == [[body] for _, body in wanted]


def test_a_fifo_queue_gets_its_group(cloud: Cloud, rule: Rule) -> None:
    url, arn = open_queue(cloud, FifoQueue="true", ContentBasedDeduplication="true")
    rule.add(arn, SqsParameters={"MessageGroupId": "orders"})
    rule.put()
    sqs = cloud.aws("sqs")
    [message] = eventually(lambda: sqs.receive_message(QueueUrl=url, AttributeNames=["All"]).get("Messages"))
    assert message["Attributes"]["MessageGroupId"] == "orders"


def test_another_bus_gets_the_event_itself(cloud: Cloud, rule: Rule) -> None:
    other = Rule(cloud)
    url, arn = open_queue(cloud)
    other.add(arn)
    bus = f"arn:aws:events:{REGION}:{ACCOUNT_ID}:event-bus/{other.bus}"
    rule.add(bus, RoleArn=role(cloud, "events.amazonaws.com", ["events:PutEvents"], [bus]))
    rule.put(5)
    [event] = cloud.receive(url)
    assert (event["source"], event["detail"]) == ("tests", {"n": 5})


def test_a_slow_target_delays_no_other(cloud: Cloud, rule: Rule) -> None:
    url, arn = open_queue(cloud)
    with endpoint(refuse=0) as slow:
        slow.hold = threading.Event()
        destination, may_invoke = api_destination(cloud, slow.url)
        rule.add(destination, RoleArn=may_invoke)
        rule.add(arn)
        rule.put()
        cloud.receive(url)
        eventually(lambda: slow.bodies)
        slow.hold.set()
