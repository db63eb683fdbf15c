"""CodeDeploy for Lambda: traffic shifts by the clock, hooks decide, alarms, failures and stops roll back."""

import time
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.stack.conformance.cloud import Cloud, unique
from tests.stack.conformance.releases import hook, release
from tests.stack.conformance.service_roles import grant, service_role
from tests.waiting import eventually

ALL_AT_ONCE = "CodeDeployDefault.LambdaAllAtOnce"
HOOK_SECONDS = 6
"""The hour of AWS on the tests' clock (conftest)."""


def statuses(target: Any) -> dict[str, str]:
    return {event["lifecycleEventName"]: event["status"] for event in target["lifecycleEvents"]}


def test_all_at_once_moves_the_alias_in_one_step(cloud: Cloud) -> None:
    made = release(cloud, ALL_AT_ONCE)
    info = made.ended(made.start(description="second"), "Succeeded")
    assert made.alias() == ("2", {})
    assert (info["creator"], info["description"], info["deploymentConfigName"]) == ("user", "second", ALL_AT_ONCE)
    assert info["deploymentOverview"]["Succeeded"] == 1
    assert info["createTime"] <= info["startTime"] <= info["completeTime"]
    target = made.target(info["deploymentId"])
    assert statuses(target) == dict.fromkeys(("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"), "Succeeded")
    assert target["lambdaFunctionInfo"] == {
        "functionName": made.function.name,
        "functionAlias": "live",
        "currentVersion": "1",
        "targetVersion": "2",
        "targetVersionWeight": 1.0,
    }


def test_a_canary_sends_ten_percent_and_then_everything(cloud: Cloud) -> None:
    made = release(cloud, "CodeDeployDefault.LambdaCanary10Percent5Minutes")
    deployment = made.start()
    eventually(lambda: made.alias() == ("1", {"2": 0.1}))
    seen = Counter(made.function.invoke(qualifier="live").value for _ in range(200))
    assert 5 <= seen["2"] <= 45
    assert made.target(deployment)["lambdaFunctionInfo"]["targetVersionWeight"] == 0.1
    info = made.ended(deployment, "Succeeded")
    assert made.alias() == ("2", {})
    assert (info["completeTime"] - info["startTime"]).total_seconds() >= 5 * 0.5


def test_a_custom_linear_configuration_shifts_in_equal_steps(cloud: Cloud) -> None:
    api, name = cloud.aws("codedeploy"), unique("linear")
    api.create_deployment_config(
        deploymentConfigName=name,
        computePlatform="Lambda",
        trafficRoutingConfig={
            "type": "TimeBasedLinear",
            "timeBasedLinear": {"linearPercentage": 40, "linearInterval": 1},
        },
    )
    made = release(cloud, name)
    deployment = made.start()
    seen = []

    def ended() -> bool:
        done = bool(made.info(deployment)["status"] == "Succeeded")
        seen.append(made.alias())
        return done

    eventually(ended, pause=0.02)
    assert list(dict.fromkeys(map(str, seen)))[-3:] == [
        str(("1", {"2": 0.4})),
        str(("1", {"2": 0.8})),
        str(("2", {})),
    ]
    with pytest.raises(ClientError, match="DeploymentConfigInUseException"):
        api.delete_deployment_config(deploymentConfigName=name)
    api.delete_deployment_group(applicationName=made.application, deploymentGroupName=made.group)
    api.delete_deployment_config(deploymentConfigName=name)
    with pytest.raises(ClientError, match="DeploymentConfigDoesNotExistException"):
        api.get_deployment_config(deploymentConfigName=name)


def test_hooks_run_before_and_after_the_traffic_and_report_by_the_api(cloud: Cloud) -> None:
    made, before, after = release(cloud, ALL_AT_ONCE), hook(cloud, "Succeeded"), hook(cloud, "Succeeded")
    deployment = made.start({"BeforeAllowTraffic": before.name, "AfterAllowTraffic": after.arn})
    made.ended(deployment, "Succeeded")
    assert made.alias() == ("2", {})
    for function in (before, after):
        lines = [line for stream in eventually(function.logs).values() for line in stream]
        assert "HOOK ['DeploymentId', 'LifecycleEventHookExecutionId']" in lines
    times = {event["lifecycleEventName"]: event for event in made.target(deployment)["lifecycleEvents"]}
    assert times["BeforeAllowTraffic"]["endTime"] <= times["AllowTraffic"]["startTime"]
    assert times["AllowTraffic"]["endTime"] <= times["AfterAllowTraffic"]["startTime"]


@pytest.mark.parametrize(("event", "moved"), [("BeforeAllowTraffic", "Skipped"), ("AfterAllowTraffic", "Succeeded")])
def test_a_hook_that_reports_failure_rolls_back(cloud: Cloud, event: str, moved: str) -> None:
    made = release(cloud, ALL_AT_ONCE)
    deployment = made.start({event: hook(cloud, "Failed").name})
    info = made.ended(deployment, "Failed")
    assert info["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
    assert statuses(made.target(deployment))["AllowTraffic"] == moved
    assert statuses(made.target(deployment))[event] == "Failed"
    rollback = made.ended(info["rollbackInfo"]["rollbackDeploymentId"], "Succeeded")
    assert rollback["creator"] == "codeDeployRollback"
    assert rollback["rollbackInfo"]["rollbackTriggeringDeploymentId"] == deployment
    assert made.alias() == ("1", {})


def test_a_hook_that_does_not_report_within_the_hour_fails_the_deployment(cloud: Cloud) -> None:
    """The local cloud waits for HOOK_SECONDS here."""
    made = release(cloud, ALL_AT_ONCE)
    started = time.monotonic()
    deployment = made.start({"BeforeAllowTraffic": hook(cloud, None).name})
    info = made.ended(deployment, "Failed", seconds=HOOK_SECONDS + 10)
    assert info["errorInformation"]["code"] == "TIMEOUT"
    assert time.monotonic() - started >= HOOK_SECONDS


def test_an_alarm_stops_the_deployment_and_rolls_back(cloud: Cloud) -> None:
    name = unique("alarm")
    cloudwatch = cloud.aws("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Tests",
        MetricName=name,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    made = release(cloud, alarmConfiguration={"enabled": True, "alarms": [{"name": name}]})
    deployment = made.start()
    eventually(lambda: made.alias() == ("1", {"2": 0.1}))
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    info = made.ended(deployment, "Stopped", seconds=5)
    assert info["errorInformation"]["code"] == "ALARM_ACTIVE"
    assert name in info["errorInformation"]["message"]
    made.ended(info["rollbackInfo"]["rollbackDeploymentId"], "Succeeded")
    assert made.alias() == ("1", {})


def test_an_alarm_that_cannot_be_read_stops_the_deployment_unless_the_group_ignores_it(cloud: Cloud) -> None:
    alarms = {"enabled": True, "alarms": [{"name": "missing"}]}
    made = release(cloud, ALL_AT_ONCE, alarmConfiguration=alarms)
    made.ended(made.start(), "Stopped")
    assert made.alias() == ("1", {})
    made = release(cloud, ALL_AT_ONCE, alarmConfiguration={**alarms, "ignorePollAlarmFailure": True})
    made.ended(made.start(), "Succeeded")


def test_a_stop_rolls_back_when_it_says_so_or_the_group_does(cloud: Cloud) -> None:
    made, api = release(cloud), cloud.aws("codedeploy")
    deployment = made.start()
    eventually(lambda: made.alias() == ("1", {"2": 0.1}))
    assert api.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)["status"] == "Succeeded"
    info = made.ended(deployment, "Stopped")
    made.ended(info["rollbackInfo"]["rollbackDeploymentId"], "Succeeded")
    assert made.alias() == ("1", {})
    with pytest.raises(ClientError, match="DeploymentAlreadyCompletedException"):
        api.stop_deployment(deploymentId=deployment)


def test_a_stop_without_rollback_leaves_two_versions_and_the_next_deployment_fails(cloud: Cloud) -> None:
    made = release(cloud)
    deployment = made.start()
    eventually(lambda: made.alias() == ("1", {"2": 0.1}))
    cloud.aws("codedeploy").stop_deployment(deploymentId=deployment, autoRollbackEnabled=False)
    assert "rollbackInfo" not in made.ended(deployment, "Stopped")
    assert made.alias() == ("1", {"2": 0.1})
    info = made.ended(made.start(autoRollbackConfiguration={"enabled": False}), "Failed")
    assert info["errorInformation"]["code"] == "INVALID_LAMBDA_CONFIGURATION"


def test_the_alias_must_be_on_the_current_version(cloud: Cloud) -> None:
    made = release(cloud, ALL_AT_ONCE, autoRollbackConfiguration={"enabled": False, "events": []})
    info = made.ended(made.start(current="2", target="1"), "Failed")
    assert info["errorInformation"]["code"] == "INVALID_LAMBDA_CONFIGURATION"
    assert "does not match the current version" in info["errorInformation"]["message"]


def test_the_service_role_needs_the_rights(cloud: Cloud) -> None:
    name, arn = service_role(cloud, "codedeploy", [])
    made = release(cloud, ALL_AT_ONCE, role=arn, autoRollbackConfiguration={"enabled": False, "events": []})
    assert made.ended(made.start(), "Failed")["errorInformation"]["code"] == "IAM_ROLE_PERMISSIONS"
    assert made.alias() == ("1", {})
    grant(cloud, name, ["lambda:*"], made.function.arn)
    made.ended(made.start(), "Succeeded")


@pytest.mark.parametrize("policy", ["AWSCodeDeployRoleForLambda", "AWSCodeDeployRoleForLambdaLimited"])
def test_aws_s_managed_policy_deploys_and_invokes_hooks_by_their_name_only(cloud: Cloud, policy: str) -> None:
    name, arn = service_role(cloud, "codedeploy", ["sts:GetCallerIdentity"])
    cloud.aws("iam").attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/service-role/{policy}")
    made = release(cloud, ALL_AT_ONCE, role=arn, autoRollbackConfiguration={"enabled": False, "events": []})
    failed = made.ended(made.start({"BeforeAllowTraffic": made.function.name}), "Failed")
    assert failed["errorInformation"]["code"] == "IAM_ROLE_PERMISSIONS"
    assert "lambda:InvokeFunction" in failed["errorInformation"]["message"]
    made.ended(made.start(), "Succeeded")
    assert made.alias() == ("2", {})
