"""Executions: time limits, stops, JSONata outputs, logs and metrics."""

import json
import time
from typing import Any

import pytest

from scripts.local.settings import ACCOUNT_ID, REGION
from scripts.local.workflows.machines import LOG_DELIVERY
from tests.stack.conformance.cloud import Cloud, unique
from tests.stack.conformance.workflows import Machine, machine
from tests.waiting import eventually

WAIT = {"Type": "Wait", "Seconds": 60, "End": True}
PASS_AND_SUCCEED = {"First": {"Type": "Pass", "Next": "Last"}, "Last": {"Type": "Succeed"}}
FAIL = {"First": {"Type": "Pass", "Next": "Last"}, "Last": {"Type": "Fail", "Error": "Broken", "Cause": "why"}}


@pytest.mark.parametrize(
    "state", [WAIT, {"Type": "Parallel", "Branches": [{"StartAt": "In", "States": {"In": WAIT}}], "End": True}]
)
def test_an_execution_times_out_after_the_state_machine_s_timeout(cloud: Cloud, state: dict[str, Any]) -> None:
    made, started = machine(cloud, {"Only": state}, TimeoutSeconds=1), time.monotonic()
    execution = made.start()
    assert made.ended(execution)["status"] == "TIMED_OUT"
    assert 1 <= time.monotonic() - started < 50
    assert made.history(execution)[-1]["type"] == "ExecutionTimedOut"


def test_an_execution_within_its_time_succeeds(cloud: Cloud) -> None:
    assert machine(cloud, PASS_AND_SUCCEED, TimeoutSeconds=5).run()["status"] == "SUCCEEDED"


def test_a_stopped_execution_does_nothing_more(cloud: Cloud) -> None:
    wait = {"Type": "Wait", "Seconds": 1, "Next": "After"}
    made = machine(cloud, {"Only": wait, "After": {"Type": "Pass", "End": True}})
    execution = made.start()
    eventually(lambda: len(made.history(execution)) == 2)
    cloud.aws("stepfunctions").stop_execution(executionArn=execution, error="Stop", cause="test")
    assert made.ended(execution)["status"] == "ABORTED"
    marker = machine(cloud, {"Only": wait, "After": {"Type": "Pass", "End": True}})
    assert marker.run()["status"] == "SUCCEEDED"
    assert [event["type"] for event in made.history(execution)][1:] == ["WaitStateEntered", "ExecutionAborted"]


def test_succeed_has_an_output_in_jsonata(cloud: Cloud) -> None:
    state = {"Type": "Succeed", "Output": {"total": "{% $states.input.a + $states.input.b %}"}}
    assert machine(cloud, {"Only": state}, QueryLanguage="JSONata").output({"a": 1, "b": 2}) == {"total": 3}
    branch = {"StartAt": "In", "States": {"In": state}}
    parallel = {"Type": "Parallel", "Branches": [branch], "End": True}
    assert machine(cloud, {"Only": parallel}, QueryLanguage="JSONata").output({"a": 3, "b": 4}) == [{"total": 7}]


def test_a_choice_has_the_output_of_its_rule_or_its_own_by_default(cloud: Cloud) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [
            {
                "Condition": "{% $states.input.n > 10 %}",
                "Next": "End",
                "Output": {"size": "large"},
                "Assign": {"seen": "rule"},
            }
        ],
        "Default": "End",
        "Output": {"size": "small"},
        "Assign": {"seen": "default"},
    }
    end = {"Type": "Succeed", "Output": {"size": "{% $states.input.size %}", "seen": "{% $seen %}"}}
    made = machine(cloud, {"Only": choice, "End": end}, QueryLanguage="JSONata")
    assert made.output({"n": 11}) == {"size": "large", "seen": "rule"}
    assert made.output({"n": 9}) == {"size": "small", "seen": "default"}


def logged(cloud: Cloud, states: dict[str, Any], **settings: Any) -> tuple[Machine, str]:
    """A state machine that logs, and its log group."""
    group = unique("/aws/vendedlogs/states/machine")
    cloud.aws("logs").create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:{group}:*"
    configuration = {"destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}], **settings}
    return machine(cloud, states, rights=list(LOG_DELIVERY), loggingConfiguration=configuration), group


def lines(cloud: Cloud, group: str) -> list[Any]:
    events = cloud.aws("logs").filter_log_events(logGroupName=group)["events"]
    assert all(event["logStreamName"].startswith("states/machine-") for event in events)
    return [json.loads(event["message"]) for event in events]


def test_the_history_is_logged_with_the_data_when_asked(cloud: Cloud) -> None:
    made, group = logged(cloud, PASS_AND_SUCCEED, level="ALL", includeExecutionData=True)
    ended = made.run({"n": 1})
    found = lines(cloud, group)
    assert [line["type"] for line in found] == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "SucceedStateEntered",
        "SucceedStateExited",
        "ExecutionSucceeded",
    ]
    assert {line["execution_arn"] for line in found} == {ended["executionArn"]}
    assert [(line["previous_event_id"], line["id"]) for line in found[:2]] == [("0", "1"), ("1", "2")]
    assert json.loads(found[0]["details"]["input"]) == {"n": 1}


def test_without_execution_data_the_log_has_no_input_and_output(cloud: Cloud) -> None:
    made, group = logged(cloud, PASS_AND_SUCCEED, level="ALL", includeExecutionData=False)
    made.run({"n": 1})
    assert not any({"input", "output"} & set(line["details"]) for line in lines(cloud, group))
    assert lines(cloud, group)[1]["details"] == {"name": "First"}


@pytest.mark.parametrize(
    ("level", "types"),
    [("ERROR", ["FailStateEntered", "ExecutionFailed"]), ("FATAL", ["ExecutionFailed"]), ("OFF", [])],
)
def test_the_log_level_chooses_the_events(cloud: Cloud, level: str, types: list[str]) -> None:
    made, group = logged(cloud, FAIL, level=level, includeExecutionData=True)
    assert made.run()["error"] == "Broken"
    assert [line["type"] for line in lines(cloud, group)] == types


def test_logging_needs_the_role_s_rights(cloud: Cloud) -> None:
    api = cloud.aws("stepfunctions")
    made, group = logged(cloud, PASS_AND_SUCCEED, level="ALL")
    other = machine(cloud, PASS_AND_SUCCEED)
    configuration = api.describe_state_machine(stateMachineArn=made.arn)["loggingConfiguration"]
    with pytest.raises(api.exceptions.ClientError, match="not authorized to access the Log Destination"):
        api.update_state_machine(stateMachineArn=other.arn, loggingConfiguration=configuration)
    assert lines(cloud, group) == []


def counts(cloud: Cloud, arn: str, *names: str) -> dict[str, float]:
    dimensions = [{"Name": "StateMachineArn", "Value": arn}]
    queries = [
        {
            "Id": f"m{index}",
            "MetricStat": {
                "Metric": {"Namespace": "AWS/States", "MetricName": name, "Dimensions": dimensions},
                "Period": 60,
                "Stat": "Sum",
            },
        }
        for index, name in enumerate(names)
    ]
    answer = cloud.aws("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=time.time() - 600, EndTime=time.time() + 60
    )
    return {name: sum(one["Values"]) for name, one in zip(names, answer["MetricDataResults"], strict=True)}


def test_executions_are_counted_by_how_they_end(cloud: Cloud) -> None:
    names = ("ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted")
    good, bad = machine(cloud, PASS_AND_SUCCEED), machine(cloud, FAIL)
    good.run()
    good.run()
    bad.run()
    slow = machine(cloud, {"Only": WAIT}, TimeoutSeconds=1)
    stopped = slow.start()
    cloud.aws("stepfunctions").stop_execution(executionArn=stopped)
    slow.run()
    eventually(lambda: list(counts(cloud, good.arn, *names).values()) == [2, 2, 0, 0, 0])
    eventually(lambda: list(counts(cloud, bad.arn, *names).values()) == [1, 0, 1, 0, 0])
    eventually(lambda: list(counts(cloud, slow.arn, *names).values()) == [2, 0, 0, 1, 1])
    assert counts(cloud, slow.arn, "ExecutionTime")["ExecutionTime"] >= 1000


def test_a_synchronous_execution_answers_with_its_end(cloud: Cloud) -> None:
    api = cloud.aws("stepfunctions")
    api.meta.events.register_first("before-call.sfn.StartSyncExecution", lambda params, **_: to(cloud, params))
    good, slow = (
        machine(cloud, PASS_AND_SUCCEED, type="EXPRESS"),
        machine(cloud, {"Only": WAIT}, type="EXPRESS", TimeoutSeconds=1),
    )
    answer = api.start_sync_execution(stateMachineArn=good.arn, input='{"n": 1}')
    assert (answer["status"], json.loads(answer["output"])) == ("SUCCEEDED", {"n": 1})
    answer = api.start_sync_execution(stateMachineArn=slow.arn)
    assert (answer["status"], answer["error"]) == ("TIMED_OUT", "States.Timeout")


def to(cloud: Cloud, request: dict[str, Any]) -> None:
    """The SDK puts "sync-" before the host's name, which 127.0.0.1 does not know."""
    request["url"] = cloud.endpoint + request["url_path"]
