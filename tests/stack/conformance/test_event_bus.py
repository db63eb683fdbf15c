"""Rules deliver to queues and, asynchronously and through the alias, to functions."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.stack.conformance.cloud import Cloud, unique
from tests.stack.conformance.targets import open_queue
from tests.waiting import eventually

CODE = """
def handler(event, context):
    print("CALL", context.invoked_function_arn, event["detail-type"])
    raise RuntimeError("always")
"""


@pytest.fixture
def bus(cloud: Cloud) -> str:
    name = unique("bus")
    cloud.aws("events").create_event_bus(Name=name)
    return name


def deliver(cloud: Cloud, bus: str, target: str) -> None:
    """Send everything of a bus to a target, and put one event on it."""
    events, rule = cloud.aws("events"), unique("rule")
    events.put_rule(Name=rule, EventBusName=bus, EventPattern=json.dumps({"source": ["tests"]}))
    events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "1", "Arn": target}])
    events.put_events(Entries=[{"Source": "tests", "DetailType": "happened", "Detail": '{"n":1}', "EventBusName": bus}])


def test_a_rule_sends_the_event_to_a_queue(cloud: Cloud, bus: str) -> None:
    url, arn = open_queue(cloud)
    deliver(cloud, bus, arn)
    [event] = cloud.receive(url)
    assert (event["source"], event["detail-type"], event["detail"]) == ("tests", "happened", {"n": 1})


def test_a_rule_invokes_a_function_by_alias_and_retries_it_twice(cloud: Cloud, bus: str) -> None:
    function = cloud.function(CODE)
    cloud.aws("lambda").create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    cloud.aws("lambda").add_permission(
        FunctionName=function.name,
        Qualifier="live",
        StatementId="rules",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
    )
    deliver(cloud, bus, f"{function.arn}:live")
    calls = eventually(
        lambda: [
            found
            for found in [[line for lines in function.logs().values() for line in lines if line.startswith("CALL")]]
            if len(found) == 3
        ]
    )[0]
    assert calls == [f"CALL {function.arn}:live happened"] * 3


def test_a_replay_goes_to_the_rules_that_it_names(cloud: Cloud, bus: str) -> None:
    events, started = cloud.aws("events"), datetime.now(UTC)
    bus_arn = events.describe_event_bus(Name=bus)["Arn"]
    archive = events.create_archive(ArchiveName=bus, EventSourceArn=bus_arn)["ArchiveArn"]
    queues = [open_queue(cloud) for _ in range(2)]
    for _, arn in queues:
        deliver(cloud, bus, arn)
    rules = {
        events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"][0]["Arn"]: rule["Arn"]
        for rule in events.list_rules(EventBusName=bus)["Rules"]
    }
    (first, first_arn), (other, _) = queues
    events.start_replay(
        ReplayName=bus,
        EventSourceArn=archive,
        EventStartTime=started - timedelta(minutes=1),
        EventEndTime=datetime.now(UTC) + timedelta(minutes=1),
        Destination={"Arn": bus_arn, "FilterArns": [rules[first_arn]]},
    )
    eventually(lambda: events.describe_replay(ReplayName=bus)["State"] == "COMPLETED")
    [replayed, *_] = eventually(lambda: [event for event in cloud.receive(first) if "replay-name" in event])
    assert replayed["replay-name"] == bus
    messages = cloud.aws("sqs").receive_message(QueueUrl=other, MaxNumberOfMessages=10)["Messages"]
    assert [message for message in messages if "replay-name" in message["Body"]] == []
