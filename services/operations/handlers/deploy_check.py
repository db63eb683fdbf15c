"""Hook of every deployment, before the new version gets any traffic: can it run at all?"""

from functools import cache
from typing import TYPE_CHECKING, Any

from operations import domain
from operations.adapters.deployments import Deployments
from operations.adapters.versions import Versions
from shared import aws, observability

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

COLD_START_SECONDS = 15.0
"""How long a version may take to start and to answer: Lambda gives INIT ten seconds."""


@cache
def resources() -> tuple[Deployments, Versions]:
    """Made once per process."""
    return Deployments(aws.client("codedeploy")), Versions(aws.client("lambda", read_timeout=COLD_START_SECONDS))


@observability.handler(prepare=resources)
def handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    """Entry point: CodeDeploy's hook event in; it acts on what is reported, the answer is for people."""
    deployments, _ = resources()
    deployment_id = event["DeploymentId"]
    observability.bind(deployment_id=deployment_id)
    flaw = _flaw(deployment_id)
    deployments.report(deployment_id, event["LifecycleEventHookExecutionId"], passed=flaw is None)
    return {"deployment_id": deployment_id, "flaw": flaw}


def _flaw(deployment_id: str) -> str | None:
    """Why the deployment must stop, logged. What cannot be checked does not pass: silence would wait for an hour."""
    deployments, versions = resources()
    try:
        candidate = deployments.candidate(deployment_id)
        observability.bind(function=candidate.function, version=candidate.version)
        flaw = domain.flaw(candidate, versions.health(candidate))
    except Exception as error:  # noqa: BLE001 - logged and reported
        observability.logger.exception("the new version cannot be checked")
        return f"it cannot be checked: {aws.error_code(error)}"
    if flaw is None:
        observability.logger.info("the new version is healthy")
    else:
        observability.logger.error("the new version must not get traffic", extra={"flaw": flaw})
    return flaw
