"""How releases are set up: each function has a group whose alarms see the newest version alone."""

import json
from typing import Any

import pytest

from tests.stack.conftest import Stack


@pytest.fixture(scope="module")
def groups(stack: Stack) -> dict[str, Any]:
    """Deployment groups, as CodeDeploy has them, by <service>.<function>."""
    codedeploy = stack.environment.client("codedeploy")
    application = stack.outputs["codedeploy_application"]
    found = codedeploy.batch_get_deployment_groups(
        applicationName=application,
        deploymentGroupNames=codedeploy.list_deployment_groups(applicationName=application)["deploymentGroups"],
    )
    return {one["deploymentGroupName"]: one for one in found["deploymentGroupsInfo"]}


def test_every_function_can_be_released_and_nothing_else(stack: Stack, groups: dict[str, Any]) -> None:
    assert {function["deployment_group"] for function in stack.outputs["functions"].values()} == set(groups)


def test_every_group_rolls_back_by_itself(groups: dict[str, Any]) -> None:
    for name, group in groups.items():
        rollback = group["autoRollbackConfiguration"]
        assert rollback["enabled"], name
        assert "DEPLOYMENT_STOP_ON_ALARM" in rollback["events"], name
        assert group["alarmConfiguration"]["enabled"], name
        assert not group["alarmConfiguration"].get("ignorePollAlarmFailure"), name


def test_its_alarms_see_the_newest_version_alone(stack: Stack, groups: dict[str, Any], aws: Any) -> None:
    for key, function in stack.outputs["functions"].items():
        newest = {
            "FunctionName": function["name"],
            "Resource": f"{function['name']}:{function['alias']}",
            "ExecutedVersion": function["version"],
        }
        names = [alarm["name"] for alarm in groups[key]["alarmConfiguration"]["alarms"]]
        alarms = aws("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
        assert len(alarms) == len(names) >= 1, key
        for alarm in alarms:
            metrics = [query["MetricStat"]["Metric"] for query in alarm["Metrics"] if "MetricStat" in query]
            assert metrics, alarm["AlarmName"]
            for metric in metrics:
                assert {one["Name"]: one["Value"] for one in metric["Dimensions"]} == newest, alarm["AlarmName"]


def test_alarms_judge_before_the_bake_is_over(groups: dict[str, Any], aws: Any) -> None:
    for name, group in groups.items():
        config = aws("codedeploy").get_deployment_config(deploymentConfigName=group["deploymentConfigName"])
        canary = config["deploymentConfigInfo"]["trafficRoutingConfig"].get("timeBasedCanary")
        if canary is None:
            continue
        names = [alarm["name"] for alarm in group["alarmConfiguration"]["alarms"]]
        for alarm in aws("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]:
            periods = {int(query["MetricStat"]["Period"]) for query in alarm["Metrics"] if "MetricStat" in query}
            # One until the first whole period begins, those that are judged, one in which it is seen.
            assert (alarm["EvaluationPeriods"] + 2) * max(periods) <= canary["canaryInterval"] * 60, name


def test_every_function_answers_the_health_event(stack: Stack, aws: Any) -> None:
    for key, function in stack.outputs["functions"].items():
        answer = aws("lambda").invoke(FunctionName=function["alias_arn"], Payload=b'{"tradepost": "health"}')
        assert "FunctionError" not in answer, key
        service = key.partition(".")[0]
        told = {"healthy": True, "service": service, "function": function["name"], "version": answer["ExecutedVersion"]}
        assert json.loads(answer["Payload"].read()) == told, key
