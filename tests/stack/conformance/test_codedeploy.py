"""CodeDeploy for Lambda: traffic shifts by the clock, hooks decide, alarms, failures and stops roll back."""

import json
import time
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.stack.conformance.cloud import Cloud, unique
from tests.stack.conformance.releases import LONG, grant, hook, release, service_role
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


def test_the_predefined_configurations_are_aws_s(cloud: Cloud) -> None:
    names = cloud.aws("codedeploy").list_deployment_configs()["deploymentConfigsList"]
    found = {name.removeprefix("CodeDeployDefault.") for name in names if "Lambda" in name}
    canaries = {f"LambdaCanary10Percent{minutes}Minutes" for minutes in (5, 10, 15, 30)}
    linear = {"1Minute", "2Minutes", "3Minutes", "10Minutes"}
    assert found == {"LambdaAllAtOnce", *canaries, *(f"LambdaLinear10PercentEvery{one}" for one in linear)}
    info = cloud.aws("codedeploy").get_deployment_config(deploymentConfigName=LONG)["deploymentConfigInfo"]
    assert info["trafficRoutingConfig"]["timeBasedCanary"] == {"canaryPercentage": 10, "canaryInterval": 30}


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


def test_what_a_hook_may_report(cloud: Cloud) -> None:
    made, waiting = release(cloud, ALL_AT_ONCE), hook(cloud, None)
    deployment = made.start({"BeforeAllowTraffic": waiting.name})
    api = cloud.aws("codedeploy")

    def report(execution: str, status: str) -> None:
        api.put_lifecycle_event_hook_execution_status(
            deploymentId=deployment, lifecycleEventHookExecutionId=execution, status=status
        )

    with pytest.raises(ClientError, match="InvalidLifecycleEventHookExecutionIdException"):
        report("none", "Succeeded")
    with pytest.raises(ClientError, match="InvalidLifecycleEventHookExecutionStatusException"):
        report("none", "Skipped")
    api.stop_deployment(deploymentId=deployment)
    made.ended(deployment, "Stopped")


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
    name, arn = service_role(cloud, [])
    made = release(cloud, ALL_AT_ONCE, role=arn, autoRollbackConfiguration={"enabled": False, "events": []})
    assert made.ended(made.start(), "Failed")["errorInformation"]["code"] == "IAM_ROLE_PERMISSIONS"
    assert made.alias() == ("1", {})
    grant(cloud, name, ["lambda:*"], made.function.arn)
    made.ended(made.start(), "Succeeded")


def test_an_appspec_may_be_yaml_with_names_in_any_case(cloud: Cloud) -> None:
    made = release(cloud, ALL_AT_ONCE)
    text = f"""
version: 0.0
Resources:
  - anything:
      Type: AWS::Lambda::Function
      Properties:
        name: {made.function.name}
        alias: live
        currentversion: 1
        targetversion: 2
"""
    made.ended(made.start_with(text), "Succeeded")
    assert made.alias() == ("2", {})
    with pytest.raises(ClientError, match="InvalidRevisionException"):
        made.start_with("version: 0.0")


def test_a_group_has_one_deployment_at_a_time_and_lists_them(cloud: Cloud) -> None:
    made, api = release(cloud), cloud.aws("codedeploy")
    deployment = made.start()
    with pytest.raises(ClientError, match="DeploymentLimitExceededException"):
        made.start()
    of_group = {"applicationName": made.application, "deploymentGroupName": made.group}
    found = api.list_deployments(**of_group, includeOnlyStatuses=["InProgress", "Created"])
    assert found["deployments"] == [deployment]
    api.stop_deployment(deploymentId=deployment)
    assert api.list_deployments(**of_group, includeOnlyStatuses=["Stopped"])["deployments"] == [deployment]
    group = api.get_deployment_group(**of_group)["deploymentGroupInfo"]
    rollback = made.info(deployment)["rollbackInfo"]["rollbackDeploymentId"]
    assert group["lastAttemptedDeployment"]["deploymentId"] == rollback
    many = api.batch_get_deployments(deploymentIds=[deployment, rollback, "d-NONE00000"])["deploymentsInfo"]
    assert [one["deploymentId"] for one in many] == [deployment, rollback]


def test_changes_of_state_are_events_on_the_default_bus(cloud: Cloud) -> None:
    made, (url, arn) = release(cloud, ALL_AT_ONCE), cloud.queue()
    events, rule = cloud.aws("events"), unique("rule")
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
            }
        ],
    }
    cloud.aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    pattern = {"source": ["aws.codedeploy"], "detail": {"application": [made.application]}}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arn}])
    deployment = made.start()
    found: list[Any] = []
    while len(found) < 2:
        found += cloud.receive(url)
    assert {event["detail-type"] for event in found} == {"CodeDeploy Deployment State-change Notification"}
    assert {event["detail"]["state"] for event in found} == {"START", "SUCCESS"}
    assert {event["detail"]["deploymentId"] for event in found} == {deployment}
    assert all(one.endswith((f"{made.application}/{made.group}", made.application)) for one in found[0]["resources"])


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda api: api.get_application(applicationName="none"), "ApplicationDoesNotExistException"),
        (lambda api: api.get_deployment(deploymentId="d-NONE00000"), "DeploymentDoesNotExistException"),
        (lambda api: api.get_deployment_config(deploymentConfigName="n"), "DeploymentConfigDoesNotExistException"),
        (
            lambda api: api.list_deployments(applicationName="none", deploymentGroupName="none"),
            "ApplicationDoesNotExistException",
        ),
    ],
)
def test_what_is_not_there_has_aws_s_error(cloud: Cloud, call: Any, error: str) -> None:
    with pytest.raises(ClientError, match=error):
        call(cloud.aws("codedeploy"))


def test_groups_are_validated_as_aws_does(cloud: Cloud) -> None:
    made, api = release(cloud), cloud.aws("codedeploy")
    group = {"applicationName": made.application, "currentDeploymentGroupName": made.group}
    refused: dict[str, dict[str, Any]] = {
        "DeploymentGroupDoesNotExistException": {**group, "currentDeploymentGroupName": "none"},
        "DeploymentConfigDoesNotExistException": {**group, "deploymentConfigName": "none"},
        "InvalidDeploymentConfigNameException": {**group, "deploymentConfigName": "CodeDeployDefault.OneAtATime"},
        "InvalidRoleException": {**group, "serviceRoleArn": f"arn:aws:iam::000000000000:role/{made.function.role}"},
        "InvalidAlarmConfigException": {**group, "alarmConfiguration": {"enabled": True, "alarms": []}},
        "InvalidAutoRollbackConfigException": {**group, "autoRollbackConfiguration": {"enabled": True, "events": []}},
    }
    for error, request in refused.items():
        with pytest.raises(ClientError, match=error):
            api.update_deployment_group(**request)
    with pytest.raises(ClientError, match="DeploymentGroupAlreadyExistsException"):
        api.create_deployment_group(
            applicationName=made.application, deploymentGroupName=made.group, serviceRoleArn="arn:aws:iam::1:role/x"
        )
