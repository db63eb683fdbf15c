"""Rules deliver to queues and, asynchronously and through the alias, to functions."""

import json

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
