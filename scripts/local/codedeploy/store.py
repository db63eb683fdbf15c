"""What CodeDeploy remembers: applications, deployment groups, configurations, deployments and tags."""

from __future__ import annotations

import secrets
import string
import threading
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from scripts.local.codedeploy import configs
from scripts.local.codedeploy.appspec import AppSpec
from scripts.local.codedeploy.configs import Shift
from scripts.local.codedeploy.errors import CodeDeployError
from scripts.local.settings import ACCOUNT_ID, REGION

ENDED = ("Succeeded", "Failed", "Stopped")


@dataclass(slots=True)
class HookRun:
    """A hook that was invoked: what it has to report, and until when (epoch seconds)."""

    execution_id: str
    deadline: float
    status: str = "InProgress"


@dataclass(slots=True)
class Deployment:
    """A deployment: `info` is what GetDeployment answers, `events` the target's lifecycle events; the rest drives it.

    `weight` is the percentage on the target version, `shifted` the number of shifts done since `shifting_since`
    (epoch seconds).
    """

    info: dict[str, Any]
    appspec: AppSpec
    shifts: list[Shift]
    role: str
    alarms: dict[str, Any]
    events: list[dict[str, Any]]
    hooks: dict[str, HookRun] = field(default_factory=dict)
    weight: int = 0
    shifted: int = 0
    shifting_since: float = 0.0

    @property
    def id(self) -> str:
        return str(self.info["deploymentId"])

    @property
    def ended(self) -> bool:
        return self.info["status"] in ENDED

    @property
    def is_rollback(self) -> bool:
        return bool(self.info["creator"] == "codeDeployRollback")

    @property
    def target_id(self) -> str:
        return f"{self.appspec.function}:{self.appspec.alias}"


class Store:
    """All of it, guarded by `changed`: hold it while reading or writing, notify it to wake what drives deployments."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.applications: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.configs: dict[str, dict[str, Any]] = {}
        self.deployments: dict[str, Deployment] = {}
        self.tags: dict[str, list[dict[str, str]]] = {}

    def application(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request.get("applicationName")
        if not name:
            raise CodeDeployError("ApplicationNameRequiredException", "The application name is required.")
        found = self.applications.get(name)
        if found is None:
            raise CodeDeployError("ApplicationDoesNotExistException", f"No application found for name: {name}")
        return found

    def group(self, request: dict[str, Any], member: str = "deploymentGroupName") -> dict[str, Any]:
        application, name = self.application(request), request.get(member)
        if not name:
            raise CodeDeployError("DeploymentGroupNameRequiredException", "The deployment group name is required.")
        found = self.groups.get(group_key(application["applicationName"], name))
        if found is None:
            raise CodeDeployError("DeploymentGroupDoesNotExistException", f"No Deployment Group found for name: {name}")
        return found

    def config(self, name: str | None) -> dict[str, Any]:
        if not name:
            raise CodeDeployError("DeploymentConfigNameRequiredException", "A configuration name is required.")
        found = self.configs.get(name) or configs.predefined().get(name)
        if found is None:
            raise CodeDeployError(
                "DeploymentConfigDoesNotExistException", f"No Deployment Configuration found for name: {name}"
            )
        return found

    def deployment(self, request: dict[str, Any]) -> Deployment:
        identifier = request.get("deploymentId")
        if not identifier:
            raise CodeDeployError("DeploymentIdRequiredException", "The deployment ID is required.")
        found = self.deployments.get(identifier)
        if found is None:
            raise CodeDeployError("DeploymentDoesNotExistException", f"The deployment {identifier} could not be found.")
        return found

    def group_of(self, deployment: Deployment) -> dict[str, Any] | None:
        """The group of a deployment, unless it was deleted meanwhile."""
        info = deployment.info
        return self.groups.get(group_key(info["applicationName"], info["deploymentGroupName"]))

    def deployments_of(self, group: dict[str, Any]) -> list[Deployment]:
        """Those of a group, the newest first."""
        names = (group["applicationName"], group["deploymentGroupName"])
        found = [
            one
            for one in self.deployments.values()
            if (one.info["applicationName"], one.info["deploymentGroupName"]) == names
        ]
        return sorted(found, key=lambda one: float(one.info["createTime"]), reverse=True)

    def add(self, info: dict[str, Any], appspec: AppSpec, shifts: list[Shift], group: dict[str, Any]) -> Deployment:
        """Record a deployment as created, with what it needs of its group at this moment."""
        identifier = "d-" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(9))
        full = {
            "deploymentId": identifier,
            "status": "Created",
            "createTime": time.time(),
            "computePlatform": "Lambda",
            "applicationName": group["applicationName"],
            "deploymentGroupName": group["deploymentGroupName"],
            "deploymentStyle": group["deploymentStyle"],
            "ignoreApplicationStopFailures": False,
            "updateOutdatedInstancesOnly": False,
            "instanceTerminationWaitTimeStarted": False,
            "fileExistsBehavior": "DISALLOW",
            "deploymentStatusMessages": [],
            **info,
        }
        alarms = info.get("overrideAlarmConfiguration") or group.get("alarmConfiguration") or {}
        names = ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")
        events = [{"lifecycleEventName": name, "status": "Pending"} for name in names]
        made = Deployment(full, appspec, shifts, group["serviceRoleArn"], alarms, events)
        self.deployments[identifier] = made
        self.changed.notify_all()
        return made

    def to_state(self) -> dict[str, Any]:
        """Plain values for the snapshot."""
        deployments = {name: asdict(one) for name, one in list(self.deployments.items())}
        names = ("applications", "groups", "configs", "tags")
        return {**{name: dict(getattr(self, name)) for name in names}, "deployments": deployments}

    def from_state(self, state: dict[str, Any]) -> None:
        with self.changed:
            for name in ("applications", "groups", "configs", "tags"):
                getattr(self, name).update(state.get(name) or {})
            for name, saved in (state.get("deployments") or {}).items():
                self.deployments[name] = _deployment(saved)
            self.changed.notify_all()


def _deployment(saved: dict[str, Any]) -> Deployment:
    parts = {
        "appspec": AppSpec(**saved["appspec"]),
        "shifts": [Shift(**one) for one in saved["shifts"]],
        "hooks": {name: HookRun(**one) for name, one in saved["hooks"].items()},
    }
    return Deployment(**{**saved, **parts})


def group_key(application: str, group: str) -> str:
    return f"{application}/{group}"


def application_arn(name: str) -> str:
    return f"arn:aws:codedeploy:{REGION}:{ACCOUNT_ID}:application:{name}"


def group_arn(application: str, group: str) -> str:
    return f"arn:aws:codedeploy:{REGION}:{ACCOUNT_ID}:deploymentgroup:{group_key(application, group)}"
