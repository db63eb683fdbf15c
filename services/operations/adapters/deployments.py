"""Deployments of CodeDeploy, as their hook sees them."""

from dataclasses import dataclass
from typing import Any

from operations.domain import Candidate
from shared import aws

ALREADY_REPORTED = "LifecycleEventAlreadyCompletedException"


@dataclass(frozen=True, slots=True)
class Deployments:
    """``client`` is a CodeDeploy client."""

    client: Any

    def candidate(self, deployment_id: str) -> Candidate:
        """The version that the deployment releases; a deployment to Lambda has exactly one target."""
        [target_id] = self.client.list_deployment_targets(deploymentId=deployment_id)["targetIds"]
        answer = self.client.get_deployment_target(deploymentId=deployment_id, targetId=target_id)
        function = answer["deploymentTarget"]["lambdaTarget"]["lambdaFunctionInfo"]
        return Candidate(function["functionName"], function["targetVersion"])

    def report(self, deployment_id: str, execution_id: str, *, passed: bool) -> None:
        """Tell the deployment to go on or to fail; telling it again changes nothing."""
        try:
            self.client.put_lifecycle_event_hook_execution_status(
                deploymentId=deployment_id,
                lifecycleEventHookExecutionId=execution_id,
                status="Succeeded" if passed else "Failed",
            )
        except self.client.exceptions.ClientError as error:
            if aws.error_code(error) != ALREADY_REPORTED:
                raise
