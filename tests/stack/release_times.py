"""When a release met traffic, when its flaw was seen and when the old version served again, as CodeDeploy tells it."""

from dataclasses import dataclass

from scripts.deployed import Deployed


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds since 1970: the traffic was split, the release was stopped, the version before had all traffic again."""

    shifted: float
    stopped: float
    back: float

    @property
    def detection(self) -> float:
        return self.stopped - self.shifted

    @property
    def rollback(self) -> float:
        return self.back - self.stopped


def times(stack: Deployed, key: str) -> Times:
    """Of the last release of a function, which was rolled back."""
    codedeploy, group = stack.environment.client("codedeploy"), stack.outputs["functions"][key]["deployment_group"]
    application = stack.outputs["codedeploy_application"]
    ids = codedeploy.list_deployments(applicationName=application, deploymentGroupName=group)["deployments"]
    found = codedeploy.batch_get_deployments(deploymentIds=ids[:25])["deploymentsInfo"]
    last = max((one for one in found if "rollbackTriggeringDeploymentId" not in (one.get("rollbackInfo") or {})),
               key=lambda one: one["createTime"])  # fmt: skip
    undo = codedeploy.get_deployment(deploymentId=last["rollbackInfo"]["rollbackDeploymentId"])["deploymentInfo"]
    [target] = codedeploy.list_deployment_targets(deploymentId=last["deploymentId"])["targetIds"]
    answer = codedeploy.get_deployment_target(deploymentId=last["deploymentId"], targetId=target)
    events = answer["deploymentTarget"]["lambdaTarget"]["lifecycleEvents"]
    [shift] = [one["startTime"] for one in events if one["lifecycleEventName"] == "AllowTraffic"]
    return Times(shift.timestamp(), last["completeTime"].timestamp(), undo["completeTime"].timestamp())
