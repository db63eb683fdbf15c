"""The operations service in process: its two clients, answered by botocore's stubs, which check each call."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.response import StreamingBody
from botocore.stub import Stubber

from shared import aws

DEPLOYMENT, EXECUTION = "d-ABCDEFGH1", "11111111-2222-3333-4444-555555555555"
FUNCTION, VERSION = "tradepost-test-orders-api", "8"
EVENT = {"DeploymentId": DEPLOYMENT, "LifecycleEventHookExecutionId": EXECUTION}
HEALTHY = {"healthy": True, "service": "orders", "function": FUNCTION, "version": VERSION}


class Context(LambdaContext):
    """What Lambda tells about the invocation."""

    _function_name = "tradepost-test-operations-deploy-check"
    _function_version = "3"
    _aws_request_id = "00000000-0000-0000-0000-00000000c0de"


@dataclass
class Cloud:
    """CodeDeploy and Lambda: `expects_*` say which calls come next and what they are answered."""

    codedeploy: Stubber
    functions: Stubber
    calls: list[tuple[str, str]] = field(default_factory=list)

    def expects_deployment(self) -> None:
        asked = {"deploymentId": DEPLOYMENT}
        target = f"{FUNCTION}:live"
        self.codedeploy.add_response("list_deployment_targets", {"targetIds": [target]}, asked)
        info = {"functionName": FUNCTION, "functionAlias": "live", "currentVersion": "7", "targetVersion": VERSION}
        answer = {"deploymentTarget": {"lambdaTarget": {"lambdaFunctionInfo": info}}}
        self.codedeploy.add_response("get_deployment_target", answer, asked | {"targetId": target})

    def expects_health(self, body: Any, error: str | None = None) -> None:
        content = json.dumps(body).encode()
        answer: dict[str, Any] = {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(content), len(content))}
        asked = {"FunctionName": f"{FUNCTION}:{VERSION}", "Payload": b'{"tradepost": "health"}'}
        self.functions.add_response("invoke", answer | ({"FunctionError": error} if error else {}), asked)

    def expects_report(self, status: str, error: str | None = None) -> None:
        method = "put_lifecycle_event_hook_execution_status"
        asked = {"deploymentId": DEPLOYMENT, "lifecycleEventHookExecutionId": EXECUTION, "status": status}
        if error:
            self.codedeploy.add_client_error(method, error, expected_params=asked)
        else:
            self.codedeploy.add_response(method, {"lifecycleEventHookExecutionId": EXECUTION}, asked)

    def all_came(self) -> None:
        """Fails unless every call that was expected was made."""
        self.codedeploy.assert_no_pending_responses()
        self.functions.assert_no_pending_responses()


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    from operations.handlers import deploy_check

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    aws.client.cache_clear()
    deploy_check.resources.cache_clear()
    deployments, versions = deploy_check.resources()
    with Stubber(deployments.client) as codedeploy, Stubber(versions.client) as functions:
        made = Cloud(codedeploy, functions)
        for client in (deployments.client, versions.client):
            client.meta.events.register(
                "before-parameter-build.*.*", lambda model, **_: made.calls.append(_name(model))
            )
        yield made
    aws.client.cache_clear()
    deploy_check.resources.cache_clear()


def _name(model: Any) -> tuple[str, str]:
    return model.service_model.service_name, model.name
