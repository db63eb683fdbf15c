"""The API of deployments: create, read, list, stop, and what a hook reports."""

from __future__ import annotations

from typing import Any

from scripts.local.codedeploy import appspec, configs
from scripts.local.codedeploy.deployments import STOPPED_MESSAGE, Deployments, overview, target
from scripts.local.codedeploy.errors import CodeDeployError
from scripts.local.codedeploy.store import Deployment, Store

Request = dict[str, Any]
_COPIED = ("description", "overrideAlarmConfiguration")


class DeploymentsApi:
    """Each public method is one API action: parsed request in, response out; raises CodeDeployError."""

    def __init__(self, store: Store, deployments: Deployments) -> None:
        self._store = store
        self._deployments = deployments

    def create_deployment(self, request: Request) -> Request:
        """Start one; it is checked against the alias when it begins, and fails then if it does not fit."""
        group = self._store.group(request)
        if not request.get("revision"):
            raise CodeDeployError("RevisionRequiredException", "The revision is required.")
        spec = appspec.parse(request["revision"])
        config = self._store.config(request.get("deploymentConfigName") or group["deploymentConfigName"])
        if config["computePlatform"] != "Lambda":
            raise CodeDeployError(
                "InvalidDeploymentConfigNameException",
                f"The deployment configuration {config['deploymentConfigName']} is not for Lambda.",
            )
        before = self._store.deployments_of(group)
        active = next((one for one in before if not one.ended), None)
        if active is not None:
            raise CodeDeployError(
                "DeploymentLimitExceededException",
                f"The Deployment Group '{group['deploymentGroupName']}' already has an active Deployment '{active.id}'",
            )
        live = next((one for one in before if one.info["status"] == "Succeeded"), None)
        info = {
            "creator": "user",
            "deploymentConfigName": config["deploymentConfigName"],
            "revision": request["revision"],
            "autoRollbackConfiguration": request.get("autoRollbackConfiguration")
            or group.get("autoRollbackConfiguration")
            or {"enabled": False, "events": []},
            **({"previousRevision": live.info["revision"]} if live else {}),
            **{name: request[name] for name in _COPIED if request.get(name) is not None},
        }
        made = self._store.add(info, spec, configs.shifts(config["trafficRoutingConfig"]), group)
        return {"deploymentId": made.id}

    def get_deployment(self, request: Request) -> Request:
        return {"deploymentInfo": _info(self._store.deployment(request))}

    def batch_get_deployments(self, request: Request) -> Request:
        """Unknown IDs are left out."""
        found = [self._store.deployments.get(one) for one in request.get("deploymentIds") or []]
        return {"deploymentsInfo": [_info(one) for one in found if one is not None]}

    def list_deployments(self, request: Request) -> Request:
        """The newest first, of a group, an application or all."""
        if request.get("deploymentGroupName"):
            self._store.group(request)
        elif request.get("applicationName"):
            self._store.application(request)
        statuses = request.get("includeOnlyStatuses") or []
        span = request.get("createTimeRange") or {}
        names = [name for name in ("applicationName", "deploymentGroupName") if request.get(name)]
        found = [
            one
            for one in self._store.deployments.values()
            if all(one.info[name] == request[name] for name in names)
            and (not statuses or one.info["status"] in statuses)
            and float(span.get("start") or 0) <= one.info["createTime"] <= float(span.get("end") or "inf")
        ]
        return {"deployments": [one.id for one in sorted(found, key=lambda one: -float(one.info["createTime"]))]}

    def stop_deployment(self, request: Request) -> Request:
        self._deployments.stop(self._store.deployment(request), request.get("autoRollbackEnabled"))
        return {"status": "Succeeded", "statusMessage": STOPPED_MESSAGE}

    def put_lifecycle_event_hook_execution_status(self, request: Request) -> Request:
        identifier = str(request.get("lifecycleEventHookExecutionId") or "")
        self._deployments.report_hook(self._store.deployment(request), identifier, str(request.get("status") or ""))
        return {"lifecycleEventHookExecutionId": identifier}

    def list_deployment_targets(self, request: Request) -> Request:
        return {"targetIds": [_started(self._store.deployment(request)).target_id]}

    def get_deployment_target(self, request: Request) -> Request:
        identifier = request.get("targetId")
        if not identifier:
            raise CodeDeployError("DeploymentTargetIdRequiredException", "A deployment target ID is required.")
        return {"deploymentTarget": self._target(request, identifier)}

    def batch_get_deployment_targets(self, request: Request) -> Request:
        identifiers = request.get("targetIds") or []
        if not identifiers:
            raise CodeDeployError("DeploymentTargetIdRequiredException", "A deployment target ID is required.")
        return {"deploymentTargets": [self._target(request, identifier) for identifier in identifiers]}

    def _target(self, request: Request, identifier: str) -> Request:
        deployment = _started(self._store.deployment(request))
        if identifier != deployment.target_id:
            raise CodeDeployError(
                "DeploymentTargetDoesNotExistException", f"The deployment {deployment.id} has no target {identifier}."
            )
        return target(deployment)


def _info(deployment: Deployment) -> Request:
    return {**deployment.info, "deploymentOverview": overview(deployment)}


def _started(deployment: Deployment) -> Deployment:
    if deployment.info["status"] == "Created":
        raise CodeDeployError("DeploymentNotStartedException", f"The deployment {deployment.id} has not started.")
    return deployment
