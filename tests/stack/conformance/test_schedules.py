"""EventBridge Scheduler: times in their zone, the role, retries and dead letters, one-time schedules."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError

from scripts.local.settings import ACCOUNT_ID, REGION
from tests.stack.conformance.cloud import Cloud, unique
from tests.stack.conformance.targets import letter, role
from tests.waiting import eventually

FUNCTION = """
import json
def handler(event, context):
    print("CALL " + json.dumps({"event": event, "arn": context.invoked_function_arn}))
"""
SOON = timedelta(seconds=2)


def at(zone: str = "UTC") -> str:
    """A one-time expression for the next second or two, as the clocks of a zone show it."""
    return f"at({(datetime.now(UTC) + SOON).astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M:%S})"


def schedule(cloud: Cloud, target: str, role_arn: str, expression: str, **more: Any) -> str:
    """ARN of a new schedule; `more` of upper-case names is for the schedule, the rest for its target."""
    extra = {name: more.pop(name) for name in list(more) if name in ("ScheduleExpressionTimezone", "State")}
    after = {"ActionAfterCompletion": more.pop("ActionAfterCompletion", "NONE")}
    made = cloud.aws("scheduler").create_schedule(
        Name=unique("schedule"),
        ScheduleExpression=expression,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": target, "RoleArn": role_arn, **more},
        **after,
        **extra,
    )
    return str(made["ScheduleArn"])


def sender(cloud: Cloud, *queues: str) -> str:
    """ARN of a role with which Scheduler may send to the queues."""
    return role(cloud, "scheduler.amazonaws.com", ["sqs:SendMessage"], list(queues))


def test_a_one_time_schedule_runs_at_the_time_of_its_zone_and_is_deleted(cloud: Cloud) -> None:
    url, arn = cloud.queue()
    keywords = {"at": "<aws.scheduler.scheduled-time>", "by": "<aws.scheduler.schedule-arn>"}
    made = schedule(
        cloud,
        arn,
        sender(cloud, arn),
        at("Asia/Tokyo"),
        ScheduleExpressionTimezone="Asia/Tokyo",
        ActionAfterCompletion="DELETE",
        Input=json.dumps(keywords),
    )
    [body] = cloud.receive(url)
    assert body["by"] == made
    assert abs(datetime.fromisoformat(body["at"]).timestamp() - time.time()) < 60
    name = made.rpartition("/")[2]
    scheduler = cloud.aws("scheduler")
    eventually(lambda: name not in [item["Name"] for item in scheduler.list_schedules()["Schedules"]])


def test_a_rate_begins_when_it_is_made_and_invokes_by_alias_with_scheduler_s_event(cloud: Cloud) -> None:
    function = cloud.function(FUNCTION)
    cloud.aws("lambda").create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    may_invoke = role(cloud, "scheduler.amazonaws.com", ["lambda:InvokeFunction"], [f"{function.arn}:live"])
    made = schedule(cloud, f"{function.arn}:live", may_invoke, "rate(1 hour)")
    [line] = eventually(
        lambda: [line for lines in function.logs().values() for line in lines if line.startswith("CALL")]
    )
    call = json.loads(line[5:])
    assert call["arn"] == f"{function.arn}:live"
    assert (call["event"]["source"], call["event"]["resources"]) == ("aws.scheduler", [made])
    assert call["event"]["detail"] == "{}"


def test_a_role_without_the_right_is_retried_and_then_a_dead_letter(cloud: Cloud) -> None:
    _, arn = cloud.queue()
    dead_url, dead_letters = cloud.queue()
    made = schedule(
        cloud,
        arn,
        sender(cloud, dead_letters),
        at(),
        Input='{"n":1}',
        DeadLetterConfig={"Arn": dead_letters},
        RetryPolicy={"MaximumRetryAttempts": 1},
    )
    found = letter(cloud, dead_url)
    assert found.body == {"n": 1}
    assert found.attributes["ERROR_CODE"] == "AccessDeniedException"
    assert (found.attributes["SCHEDULE_ARN"], found.attributes["TARGET_ARN"]) == (made, arn)
    assert found.attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert (found.attributes["RETRY_ATTEMPTS"], found.attributes["IS_PAYLOAD_TRUNCATED"]) == ("1", "false")
    assert {"EXECUTION_ID", "SCHEDULED_TIME", "ERROR_MESSAGE"} <= set(found.attributes)


def test_a_disabled_schedule_does_not_run(cloud: Cloud) -> None:
    url, arn = cloud.queue()
    witness_url, witness = cloud.queue()
    may_send, expression = sender(cloud, arn, witness), at()
    schedule(cloud, arn, may_send, expression, State="DISABLED", Input="{}")
    schedule(cloud, witness, may_send, expression, Input="{}")
    assert cloud.receive(witness_url) == [{}]
    assert "Messages" not in cloud.aws("sqs").receive_message(QueueUrl=url)


def test_a_schedule_puts_its_input_on_a_bus(cloud: Cloud) -> None:
    from tests.stack.conformance.targets import Rule, open_queue

    rule = Rule(cloud)
    url, queue = open_queue(cloud)
    rule.add(queue)
    bus = f"arn:aws:events:{REGION}:{ACCOUNT_ID}:event-bus/{rule.bus}"
    may_put = role(cloud, "scheduler.amazonaws.com", ["events:PutEvents"], [bus])
    parameters = {"DetailType": "tick", "Source": "tests"}
    schedule(cloud, bus, may_put, "rate(1 hour)", EventBridgeParameters=parameters, Input='{"n":4}')
    [event] = cloud.receive(url)
    assert (event["detail-type"], event["detail"]) == ("tick", {"n": 4})


@pytest.mark.parametrize(
    ("principal", "expression", "zone", "message"),
    [
        ("lambda.amazonaws.com", "rate(1 hour)", "UTC", "must allow AWS EventBridge Scheduler to assume the role"),
        ("scheduler.amazonaws.com", "rate(0 hours)", "UTC", "Invalid Schedule Expression"),
        ("scheduler.amazonaws.com", "rate(1 hour)", "Europe/Atlantis", "Invalid ScheduleExpressionTimezone"),
    ],
)
def test_a_schedule_that_could_never_run_is_refused(
    cloud: Cloud, principal: str, expression: str, zone: str, message: str
) -> None:
    _, arn = cloud.queue()
    role_arn = role(cloud, principal, ["sqs:SendMessage"], [arn])
    with pytest.raises(ClientError, match=message):
        schedule(cloud, arn, role_arn, expression, ScheduleExpressionTimezone=zone)
