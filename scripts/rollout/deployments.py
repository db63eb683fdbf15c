"""CodeDeploy's deployments, as releases use them."""

from __future__ import annotations

import getpass
import hashlib
import time
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any

from scripts.console import Failure
from scripts.rollout.change import Change, function, serving

if TYPE_CHECKING:
    from datetime import datetime

    from scripts.deployed import Deployed

ACTIVE = ("Created", "Queued", "InProgress", "Baking", "Ready")
ALL_AT_ONCE = "CodeDeployDefault.LambdaAllAtOnce"
ROLLBACK_CREATOR = "codeDeployRollback"
PAGE = 25  # BatchGetDeployments takes no more
START_POLLS = 60
START_POLL_SECONDS = 0.5
_BY = "by "


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment of one function. `rolled_back_by` is the deployment that undid it, `undoes` the one it undid."""

    id: str
    group: str
    status: str
    description: str
    created: datetime
    finished: datetime | None
    error_code: str
    error: str
    rolled_back_by: str
    undoes: str
    by_codedeploy: bool

    @property
    def ended(self) -> bool:
        return self.status not in ACTIVE

    @property
    def by(self) -> str:
        """Who started it, as far as its description tells."""
        if self.by_codedeploy:
            return "CodeDeploy"
        _, found, who = self.description.rpartition(_BY)
        return who if found else "?"


def _deployment(info: dict[str, Any]) -> Deployment:
    error, undo = info.get("errorInformation") or {}, info.get("rollbackInfo") or {}
    return Deployment(
        id=info["deploymentId"],
        group=info["deploymentGroupName"],
        status=info["status"],
        description=info.get("description") or "",
        created=info["createTime"],
        finished=info.get("completeTime"),
        error_code=error.get("code") or "",
        error=error.get("message") or "",
        rolled_back_by=undo.get("rollbackDeploymentId") or "",
        undoes=undo.get("rollbackTriggeringDeploymentId") or "",
        by_codedeploy=info.get("creator") == ROLLBACK_CREATOR,
    )


class Deployments:
    """Deployments of one stack."""

    def __init__(self, stack: Deployed) -> None:
        self._stack = stack
        self._client = stack.environment.client("codedeploy")
        self._application = str(stack.outputs["codedeploy_application"])

    def start(self, change: Change, *, by: str, canary: bool = True, judged: bool = True) -> str:
        """Start a deployment; return its id.

        It follows the strategy of the function's group unless `canary` is false: then all traffic moves at once. With
        `judged` the hook checks the version first and the alarms can end it; without, nothing can.
        """
        content = change.app_spec(self._stack.outputs.get("deployment_hook") if judged else None)
        options: dict[str, Any] = {} if canary else {"deploymentConfigName": ALL_AT_ONCE}
        if not judged:
            # The alarms watch the version that is to be left: they would forbid it.
            options["overrideAlarmConfiguration"] = {"enabled": False, "alarms": []}
        made = self._client.create_deployment(
            applicationName=self._application,
            deploymentGroupName=change.group,
            description=f"{change.key} {change.current} to {change.target} {_BY}{by}"[:256],
            revision={
                "revisionType": "AppSpecContent",
                "appSpecContent": {"content": content, "sha256": hashlib.sha256(content.encode()).hexdigest()},
            },
            **options,
        )
        return str(made["deploymentId"])

    def stop(self, deployment_id: str) -> None:
        """End a deployment and go back to the version before."""
        self._client.stop_deployment(deploymentId=deployment_id, autoRollbackEnabled=True)

    def read(self, ids: list[str]) -> dict[str, Deployment]:
        """Return deployments by id."""
        found: dict[str, Deployment] = {}
        for page in batched(ids, PAGE, strict=False):
            answer = self._client.batch_get_deployments(deploymentIds=list(page))
            found |= {info["deploymentId"]: _deployment(info) for info in answer["deploymentsInfo"]}
        return found

    def of_group(self, group: str, limit: int = PAGE, *, active: bool = False) -> list[Deployment]:
        """Return the newest deployments of a group, the newest first."""
        only = {"includeOnlyStatuses": list(ACTIVE)} if active else {}
        answer = self._client.list_deployments(applicationName=self._application, deploymentGroupName=group, **only)
        found = self.read(answer["deployments"][:limit])
        return sorted(found.values(), key=lambda one: one.created, reverse=True)

    def change(self, deployment: Deployment) -> Change | None:
        """Return what a deployment changes; None as long as it has not begun."""
        codes = self._client.exceptions
        try:
            [target] = self._client.list_deployment_targets(deploymentId=deployment.id)["targetIds"]
            answer = self._client.get_deployment_target(deploymentId=deployment.id, targetId=target)
        except codes.DeploymentNotStartedException:
            return None
        info = answer["deploymentTarget"]["lambdaTarget"]["lambdaFunctionInfo"]
        key = next(
            key for key, one in self._stack.outputs["functions"].items() if one["deployment_group"] == deployment.group
        )
        return function(self._stack, key, str(info["currentVersion"]), str(info["targetVersion"]))

    def wait_for_change(self, deployment: Deployment) -> Change:
        """Return what a deployment changes, as soon as it has begun.

        Raises:
            Failure: it does not begin.
        """
        for _ in range(START_POLLS):
            if change := self.change(deployment):
                return change
            time.sleep(START_POLL_SECONDS)
        raise Failure(f"deployment {deployment.id} of {deployment.group} does not begin", "look at it in CodeDeploy")

    def serves(self, change: Change) -> bool:
        """Whether all traffic is at the version that a change went to."""
        client = self._stack.environment.client("lambda")
        return serving(client, change.function, change.alias) == (change.target, {})

    def in_flight(self) -> list[Deployment]:
        """Return the deployments that have not ended, of every function."""
        groups = sorted(one["deployment_group"] for one in self._stack.outputs["functions"].values())
        return [one for group in groups for one in self.of_group(group, active=True)]

    def last_succeeded(self) -> dict[str, str]:
        """Return the id of the last deployment that succeeded, by group."""
        groups = sorted(one["deployment_group"] for one in self._stack.outputs["functions"].values())
        answer = self._client.batch_get_deployment_groups(
            applicationName=self._application, deploymentGroupNames=groups
        )
        return {
            one["deploymentGroupName"]: one["lastSuccessfulDeployment"]["deploymentId"]
            for one in answer["deploymentGroupsInfo"]
            if one.get("lastSuccessfulDeployment")
        }


def who(stack: Deployed) -> str:
    """Return the name under which this process releases."""
    if stack.environment.is_local:
        return getpass.getuser()
    arn = str(stack.environment.client("sts").get_caller_identity()["Arn"])
    return arn.partition("/")[2] or arn
