"""The hook of deployments: what it asks, what it reports, and that it always reports."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.component.operations.conftest import EVENT, HEALTHY, Cloud, Context


def check() -> Any:
    from operations.handlers import deploy_check

    return deploy_check.handler(dict(EVENT), Context())


def test_a_healthy_version_may_get_traffic(cloud: Cloud) -> None:
    cloud.expects_deployment()
    cloud.expects_health(HEALTHY)
    cloud.expects_report("Succeeded")
    assert check()["flaw"] is None
    cloud.all_came()


@pytest.mark.parametrize(
    ("body", "error", "flaw"),
    [
        ({"errorType": "Runtime.ImportModuleError", "errorMessage": "No module named 'x'"}, "Unhandled", "'x'"),
        ({"errorType": "MissingVariableError", "errorMessage": "needs EVENT_BUS_NAME"}, "Unhandled", "EVENT_BUS_NAME"),
        ("not an object", "Unhandled", "Unhandled"),
        (None, None, "observability.handler"),
        ({"statusCode": 500}, None, "observability.handler"),
        (HEALTHY | {"healthy": "yes"}, None, "observability.handler"),
        (HEALTHY | {"version": "7"}, None, "version 7 answered"),
        (HEALTHY | {"function": "another"}, None, "another version 8 answered"),
    ],
)
def test_a_flawed_version_fails_its_deployment(cloud: Cloud, body: Any, error: str | None, flaw: str) -> None:
    cloud.expects_deployment()
    cloud.expects_health(body, error)
    cloud.expects_report("Failed")
    assert flaw in check()["flaw"]
    cloud.all_came()


def test_a_version_that_cannot_be_asked_fails_its_deployment_at_once(cloud: Cloud) -> None:
    cloud.expects_deployment()
    cloud.functions.add_client_error("invoke", "AccessDeniedException")
    cloud.expects_report("Failed")
    assert "AccessDeniedException" in check()["flaw"]
    cloud.all_came()


def test_a_deployment_that_cannot_be_read_fails(cloud: Cloud) -> None:
    cloud.codedeploy.add_client_error("list_deployment_targets", "ThrottlingException")
    cloud.expects_report("Failed")
    assert "ThrottlingException" in check()["flaw"]
    cloud.all_came()


def test_a_report_that_is_there_already_is_no_error(cloud: Cloud) -> None:
    cloud.expects_deployment()
    cloud.expects_health(HEALTHY)
    cloud.expects_report("Succeeded", "LifecycleEventAlreadyCompletedException")
    check()
    cloud.all_came()


def test_a_report_that_fails_is_tried_again_by_lambda(cloud: Cloud) -> None:
    cloud.expects_deployment()
    cloud.expects_health(HEALTHY)
    cloud.expects_report("Succeeded", "AccessDeniedException")
    with pytest.raises(Exception, match="AccessDenied"):
        check()


def test_its_policy_allows_every_call_and_nothing_else(cloud: Cloud) -> None:
    cloud.expects_deployment()
    cloud.expects_health(HEALTHY)
    cloud.expects_report("Succeeded")
    check()
    used = {f"{service}:{'InvokeFunction' if name == 'Invoke' else name}" for service, name in cloud.calls}
    policy: dict[str, list[str]] = json.loads(Path("services/operations/policies/deploy_check.json").read_text())
    assert used == {action for actions in policy.values() for action in actions}
