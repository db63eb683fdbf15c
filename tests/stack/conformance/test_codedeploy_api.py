"""CodeDeploy's API: what it lists, refuses and tells on the bus."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local.settings import ACCOUNT_ID, REGION
from tests.stack.conformance.cloud import Cloud, unique
from tests.stack.conformance.releases import LONG, hook, release
from tests.stack.conformance.service_roles import user_client
from tests.stack.conformance.targets import open_queue

ALL_AT_ONCE = "CodeDeployDefault.LambdaAllAtOnce"


def test_the_predefined_configurations_are_aws_s(cloud: Cloud) -> None:
    names = cloud.aws("codedeploy").list_deployment_configs()["deploymentConfigsList"]
    found = {name.removeprefix("CodeDeployDefault.") for name in names if "Lambda" in name}
    canaries = {f"LambdaCanary10Percent{minutes}Minutes" for minutes in (5, 10, 15, 30)}
    linear = {"1Minute", "2Minutes", "3Minutes", "10Minutes"}
    assert found == {"LambdaAllAtOnce", *canaries, *(f"LambdaLinear10PercentEvery{one}" for one in linear)}
    info = cloud.aws("codedeploy").get_deployment_config(deploymentConfigName=LONG)["deploymentConfigInfo"]
    assert info["trafficRoutingConfig"]["timeBasedCanary"] == {"canaryPercentage": 10, "canaryInterval": 30}


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
    made, (url, arn) = release(cloud, ALL_AT_ONCE), open_queue(cloud)
    events, rule = cloud.aws("events"), unique("rule")
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


def test_callers_need_the_right_on_the_deployment_group(cloud: Cloud) -> None:
    allowed, other = release(cloud, ALL_AT_ONCE), release(cloud, ALL_AT_ONCE)
    group = f"arn:aws:codedeploy:{REGION}:{ACCOUNT_ID}:deploymentgroup:{allowed.application}/{allowed.group}"
    caller = user_client(cloud, "codedeploy", ["codedeploy:GetDeployment"], group)
    deployments = allowed.start(), other.start()
    assert caller.get_deployment(deploymentId=deployments[0])["deploymentInfo"]["applicationName"]
    with pytest.raises(ClientError, match="AccessDenied"):
        caller.get_deployment(deploymentId=deployments[1])
    with pytest.raises(ClientError, match="AccessDenied"):
        caller.stop_deployment(deploymentId=deployments[0])
