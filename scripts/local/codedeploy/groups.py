"""The API of deployment groups: service role, style, alarms and automatic rollback."""

from __future__ import annotations

import uuid
from typing import Any

from scripts.local.codedeploy.errors import CodeDeployError
from scripts.local.codedeploy.store import Deployment, Store, group_arn, group_key
from scripts.local.targets import service_roles

Request = dict[str, Any]
STYLE = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
ROLLBACK_EVENTS = {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"}
_SETTINGS = (
    "deploymentConfigName",
    "serviceRoleArn",
    "triggerConfigurations",
    "alarmConfiguration",
    "autoRollbackConfiguration",
    "outdatedInstancesStrategy",
    "deploymentStyle",
    "terminationHookEnabled",
)


class Groups:
    """Each public method is one API action: parsed request in, response out; raises CodeDeployError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create_deployment_group(self, request: Request) -> Request:
        application = self._store.application(request)["applicationName"]
        name = self._free_name(application, request.get("deploymentGroupName"))
        if not request.get("serviceRoleArn"):
            raise CodeDeployError("RoleRequiredException", "The role ARN is required.")
        group = {
            "applicationName": application,
            "deploymentGroupName": name,
            "deploymentGroupId": str(uuid.uuid4()),
            "computePlatform": "Lambda",
            "deploymentConfigName": "CodeDeployDefault.OneAtATime",
            "outdatedInstancesStrategy": "UPDATE",
            "terminationHookEnabled": False,
            "triggerConfigurations": [],
        } | _settings(request)
        self._check(group)
        self._store.groups[group_key(application, name)] = group
        if request.get("tags"):
            self._store.tags[group_arn(application, name)] = list(request["tags"])
        return {"deploymentGroupId": group["deploymentGroupId"]}

    def _free_name(self, application: str, name: str | None) -> str:
        if not name:
            raise CodeDeployError("DeploymentGroupNameRequiredException", "The deployment group name is required.")
        if len(name) > 100:
            raise CodeDeployError("InvalidDeploymentGroupNameException", "A group's name has at most 100 characters.")
        if group_key(application, name) in self._store.groups:
            raise CodeDeployError(
                "DeploymentGroupAlreadyExistsException",
                f"Deployment group already exists: {name} in application {application}",
            )
        return name

    def _check(self, group: Request) -> None:
        style = group.get("deploymentStyle")
        if style != STYLE:
            raise CodeDeployError(
                "InvalidDeploymentStyleException",
                "The Lambda compute platform needs the deployment type BLUE_GREEN and the option WITH_TRAFFIC_CONTROL.",
            )
        if self._store.config(group["deploymentConfigName"])["computePlatform"] != "Lambda":
            raise CodeDeployError(
                "InvalidDeploymentConfigNameException",
                f"The deployment configuration {group['deploymentConfigName']} is not for the compute platform Lambda.",
            )
        alarms = group.get("alarmConfiguration") or {}
        if alarms.get("enabled") and not alarms.get("alarms"):
            raise CodeDeployError("InvalidAlarmConfigException", "An enabled alarm configuration needs an alarm.")
        if len(alarms.get("alarms") or []) > 10:
            raise CodeDeployError("AlarmsLimitExceededException", "A deployment group has at most 10 alarms.")
        rollback = group.get("autoRollbackConfiguration") or {}
        events = rollback.get("events") or []
        if (rollback.get("enabled") and not events) or set(events) - ROLLBACK_EVENTS:
            raise CodeDeployError(
                "InvalidAutoRollbackConfigException", f"Automatic rollback needs events of {sorted(ROLLBACK_EVENTS)}."
            )
        _check_role(group["serviceRoleArn"])

    def get_deployment_group(self, request: Request) -> Request:
        return {"deploymentGroupInfo": self._info(self._store.group(request))}

    def batch_get_deployment_groups(self, request: Request) -> Request:
        found = [
            self._store.group({**request, "deploymentGroupName": name})
            for name in request.get("deploymentGroupNames") or []
        ]
        return {"deploymentGroupsInfo": [self._info(group) for group in found]}

    def list_deployment_groups(self, request: Request) -> Request:
        name = self._store.application(request)["applicationName"]
        found = [one["deploymentGroupName"] for one in self._store.groups.values() if one["applicationName"] == name]
        return {"applicationName": name, "deploymentGroups": sorted(found)}

    def update_deployment_group(self, request: Request) -> Request:
        """Change what the request names; what it leaves out stays."""
        group = self._store.group(request, "currentDeploymentGroupName")
        self._check(group | _settings(request))
        new = request.get("newDeploymentGroupName")
        if new and new != group["deploymentGroupName"]:
            self._rename(group, self._free_name(group["applicationName"], new))
        group.update(_settings(request))
        return {"hooksNotCleanedUp": []}

    def _rename(self, group: Request, new: str) -> None:
        application, old = group["applicationName"], group["deploymentGroupName"]
        for deployment in self._store.deployments_of(group):
            deployment.info["deploymentGroupName"] = new
        group["deploymentGroupName"] = new
        self._store.groups[group_key(application, new)] = self._store.groups.pop(group_key(application, old))
        tags = self._store.tags.pop(group_arn(application, old), None)
        if tags:
            self._store.tags[group_arn(application, new)] = tags

    def delete_deployment_group(self, request: Request) -> Request:
        application, name = request.get("applicationName") or "", request.get("deploymentGroupName") or ""
        self._store.groups.pop(group_key(application, name), None)
        self._store.tags.pop(group_arn(application, name), None)
        return {"hooksNotCleanedUp": []}

    def _info(self, group: Request) -> Request:
        """The group with its last deployments and the revision that is live."""
        deployments = self._store.deployments_of(group)
        info = dict(group)
        if deployments:
            info["lastAttemptedDeployment"] = _last(deployments[0])
        succeeded = next((one for one in deployments if one.info["status"] == "Succeeded"), None)
        if succeeded:
            info["lastSuccessfulDeployment"] = _last(succeeded)
            info["targetRevision"] = succeeded.info["revision"]
        return info


def _last(deployment: Deployment) -> Request:
    info = deployment.info
    found = {"deploymentId": deployment.id, "status": info["status"], "createTime": info["createTime"]}
    return found | ({"endTime": info["completeTime"]} if "completeTime" in info else {})


def _settings(request: Request) -> Request:
    return {name: request[name] for name in _SETTINGS if request.get(name) is not None}


def _check_role(arn: str) -> None:
    """The role exists and CodeDeploy may assume it."""
    if not service_roles.trusts(arn, "codedeploy.amazonaws.com"):
        raise CodeDeployError(
            "InvalidRoleException", f"AWS CodeDeploy does not have the permissions required to assume the role {arn}."
        )
