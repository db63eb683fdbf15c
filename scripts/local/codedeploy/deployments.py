"""Deployments as a state machine: lifecycle events in order, traffic by the clock, rollback on what the group names."""

from __future__ import annotations

import logging
import os
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from scripts.local import engine
from scripts.local.codedeploy import notices, traffic
from scripts.local.codedeploy.configs import ALL_AT_ONCE, Shift
from scripts.local.codedeploy.errors import CodeDeployError, DeploymentFailedError
from scripts.local.codedeploy.store import Deployment, HookRun, Store
from scripts.local.settings import ACCOUNT_ID, REGION

MINUTE_SECONDS = "TRADEPOST_CODEDEPLOY_MINUTE_SECONDS"
"""Names the setting: how long a minute of a deployment configuration takes; AWS's is 60 seconds."""

HOOK_SECONDS = "TRADEPOST_CODEDEPLOY_HOOK_SECONDS"
"""Names the setting: how long a hook may take to report; AWS waits for an hour."""

STOPPED_MESSAGE = "No more commands will be scheduled for execution in the deployment instances"
_MESSAGES = {
    "HOOK_EXECUTION_FAILURE": "The deployment failed because one or more of the lifecycle event validation functions "
    "failed.",
    "TIMEOUT": "The deployment timed out while waiting for a status callback. CodeDeploy expects a status callback "
    "within one hour after a deployment hook is invoked.",
}
logger = logging.getLogger("tradepost.codedeploy")


class Deployments:
    """Drives what the store holds, on one thread; a restart goes on from where the store was saved."""

    def __init__(self, store: Store, changed: Callable[[], None]) -> None:
        self._store = store
        self._changed = changed
        self._minute = float(os.environ.get(MINUTE_SECONDS, "60"))
        self._hook_seconds = float(os.environ.get(HOOK_SECONDS, "3600"))
        self._poll = max(0.05, min(1.0, self._minute / 20))

    def start(self) -> None:
        """Drive deployments from now on; an interval that a restart cut begins again: a version serves all of it."""
        with self._store.changed:
            for one in self._store.deployments.values():
                if not one.ended and one.shifted:
                    one.shifting_since = time.time() - one.shifts[one.shifted - 1].minute * self._minute
        threading.Thread(target=self._drive, name="codedeploy", daemon=True).start()

    def _drive(self) -> None:
        with engine.core("responses").request_scope(ACCOUNT_ID, REGION), self._store.changed:
            while True:
                active = [one for one in self._store.deployments.values() if not one.ended]
                for deployment in active:
                    self._advance(deployment, time.time())
                self._store.changed.wait(self._poll if active else None)

    def _advance(self, deployment: Deployment, now: float) -> None:
        """Do what is due; any error ends this deployment and no other."""
        try:
            if deployment.info["status"] == "Created":
                self._begin(deployment, now)
            self._watch_alarms(deployment)
            while not deployment.ended and self._step(deployment, now):
                self._changed()
        except DeploymentFailedError as error:
            stopped = error.code == "ALARM_ACTIVE"
            self._end(deployment, "Stopped" if stopped else "Failed", error.code, str(error))
        except Exception as error:
            logger.exception("deployment %s", deployment.id)
            self._end(deployment, "Failed", "INTERNAL_ERROR", str(error))

    def _begin(self, deployment: Deployment, now: float) -> None:
        deployment.info.update(status="InProgress", startTime=now)
        self._changed()
        self._notify(deployment)
        if not deployment.is_rollback:
            traffic.check(deployment.appspec, deployment.role)

    def _watch_alarms(self, deployment: Deployment) -> None:
        """A rollback goes on whatever the alarms say."""
        if deployment.is_rollback:
            return
        active = traffic.active_alarms(deployment.alarms, deployment.role)
        if active:
            raise DeploymentFailedError(
                "ALARM_ACTIVE",
                "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and "
                f"the affected deployments have been stopped. Activated alarms: <{', '.join(active)}>",
            )

    def _step(self, deployment: Deployment, now: float) -> bool:
        """Bring the current lifecycle event forward; False when it has to wait."""
        event = next((one for one in deployment.events if one["status"] in ("Pending", "InProgress")), None)
        if event is None:
            self._end(deployment, "Succeeded")
            return False
        if event["status"] == "Pending":
            event.update(status="InProgress", startTime=now)
        done = (
            self._shift(deployment, now)
            if event["lifecycleEventName"] == "AllowTraffic"
            else self._run_hook(deployment, event["lifecycleEventName"], now)
        )
        if done:
            event.update(status="Succeeded", endTime=now)
        return done

    def _shift(self, deployment: Deployment, now: float) -> bool:
        """Do the shifts that are due; True once all traffic is on the target version."""
        deployment.shifting_since = deployment.shifting_since or now
        while deployment.shifted < len(deployment.shifts):
            shift = deployment.shifts[deployment.shifted]
            if now < deployment.shifting_since + shift.minute * self._minute:
                return False
            traffic.move(deployment.appspec, shift.percent, deployment.role)
            deployment.weight = shift.percent
            deployment.shifted += 1
            self._changed()
        return True

    def _run_hook(self, deployment: Deployment, event: str, now: float) -> bool:
        """Start a hook, or look at what it reported; True when there is none or it succeeded."""
        function = deployment.appspec.hooks.get(event)
        if function is None:
            return True
        run = deployment.hooks.get(event)
        if run is None:
            run = HookRun(str(uuid.uuid4()), now + self._hook_seconds)
            deployment.hooks[event] = run
            payload = {"DeploymentId": deployment.id, "LifecycleEventHookExecutionId": run.execution_id}
            traffic.start(function, deployment.role, payload)
            return False
        if run.status == "Failed":
            raise DeploymentFailedError("HOOK_EXECUTION_FAILURE", _MESSAGES["HOOK_EXECUTION_FAILURE"])
        if run.status == "InProgress" and now > run.deadline:
            raise DeploymentFailedError("TIMEOUT", _MESSAGES["TIMEOUT"])
        return run.status == "Succeeded"

    def report_hook(self, deployment: Deployment, execution_id: str, status: str) -> None:
        """What PutLifecycleEventHookExecutionStatus says; raises CodeDeployError."""
        if status not in ("Succeeded", "Failed"):
            raise CodeDeployError(
                "InvalidLifecycleEventHookExecutionStatusException",
                f"The status {status} is not valid: a hook reports Succeeded or Failed.",
            )
        run = next((one for one in deployment.hooks.values() if one.execution_id == execution_id), None)
        if run is None:
            raise CodeDeployError(
                "InvalidLifecycleEventHookExecutionIdException",
                f"No lifecycle hook has the execution ID {execution_id}.",
            )
        if run.status != "InProgress" or deployment.ended:
            raise CodeDeployError(
                "LifecycleEventAlreadyCompletedException", "The hook has reported already, or its deployment has ended."
            )
        run.status = status
        self._store.changed.notify_all()

    def stop(self, deployment: Deployment, roll_back: bool | None) -> None:
        """StopDeployment; `roll_back` None leaves it to the group. Raises CodeDeployError."""
        if deployment.ended:
            raise CodeDeployError(
                "DeploymentAlreadyCompletedException", f"The deployment {deployment.id} is already completed."
            )
        self._end(deployment, "Stopped", "MANUAL_STOP", "The deployment was stopped by a person.", roll_back)

    def _end(
        self,
        deployment: Deployment,
        status: str,
        code: str | None = None,
        message: str = "",
        roll_back: bool | None = None,
    ) -> None:
        now = time.time()
        deployment.info.update(status=status, completeTime=now)
        if code:
            deployment.info["errorInformation"] = {"code": code, "message": message}
        for event in deployment.events:
            if event["status"] == "InProgress":
                event.update(status="Failed", endTime=now)
            elif event["status"] == "Pending":
                event["status"] = "Skipped"
        self._notify(deployment)
        if status != "Succeeded" and not deployment.is_rollback:
            cause = {"ALARM_ACTIVE": "DEPLOYMENT_STOP_ON_ALARM", "MANUAL_STOP": "DEPLOYMENT_STOP_ON_REQUEST"}.get(
                str(code), "DEPLOYMENT_FAILURE"
            )
            if roll_back if roll_back is not None else _rolls_back_on(deployment, cause):
                self._roll_back(deployment)
        self._changed()

    def _roll_back(self, deployment: Deployment) -> None:
        """Redeploy the version before, as a new deployment that moves all traffic at once."""
        group = self._store.group_of(deployment)
        if group is None:
            logger.warning("deployment %s is not rolled back: its group was deleted", deployment.id)
            return
        spec = deployment.appspec.reversed()
        info = {
            "creator": "codeDeployRollback",
            "description": f"Rollback of deployment {deployment.id}",
            "deploymentConfigName": ALL_AT_ONCE,
            "revision": spec.revision(),
            "rollbackInfo": {"rollbackTriggeringDeploymentId": deployment.id},
        }
        rollback = self._store.add(info, spec, [Shift(100, 0)], group)
        deployment.info["rollbackInfo"] = {
            "rollbackDeploymentId": rollback.id,
            "rollbackMessage": f"Deployment {rollback.id} redeploys version {spec.target}.",
        }

    def _notify(self, deployment: Deployment) -> None:
        group = self._store.group_of(deployment)
        if group is not None:
            notices.publish(deployment, group["deploymentGroupId"])


def _rolls_back_on(deployment: Deployment, cause: str) -> bool:
    settings = deployment.info.get("autoRollbackConfiguration") or {}
    return bool(settings.get("enabled")) and cause in (settings.get("events") or [])


def overview(deployment: Deployment) -> dict[str, int]:
    """How many targets have which status; a Lambda deployment has one."""
    counts = dict.fromkeys(("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready"), 0)
    counts[target_status(deployment)] = 1
    return counts


def target_status(deployment: Deployment) -> str:
    status: str = deployment.info["status"]
    return {"Created": "Pending", "Stopped": "Failed"}.get(status, status)


def target(deployment: Deployment) -> dict[str, Any]:
    """The deployment's only target, as GetDeploymentTarget answers it."""
    spec, info = deployment.appspec, deployment.info
    return {
        "deploymentTargetType": "LambdaTarget",
        "lambdaTarget": {
            "deploymentId": deployment.id,
            "targetId": deployment.target_id,
            "targetArn": traffic.function_arn(spec.function),
            "status": target_status(deployment),
            "lastUpdatedAt": info.get("completeTime") or info.get("startTime") or info["createTime"],
            "lifecycleEvents": [dict(event) for event in deployment.events],
            "lambdaFunctionInfo": {
                "functionName": spec.function,
                "functionAlias": spec.alias,
                "currentVersion": spec.current,
                "targetVersion": spec.target,
                "targetVersionWeight": deployment.weight / 100,
            },
        },
    }
