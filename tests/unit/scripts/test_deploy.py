"""Deployment steps that decide something, against small stand-ins for AWS."""

import io
import json
from typing import Any, cast
from unittest.mock import Mock

import pytest

from scripts import deploy
from scripts.console import Failure
from scripts.deployed import Deployed
from scripts.environment import Environment
from scripts.rollout.deployments import Deployments
from scripts.terraform_events import Progress


class Lambda:
    """Aliases, and what the replay function answers."""

    def __init__(self, versions: dict[str, str], answers: list[dict[str, Any]] | None = None) -> None:
        self.versions = versions
        self.answers = answers or []
        self.events: list[dict[str, Any]] = []

    def get_alias(self, FunctionName: str, Name: str) -> dict[str, str]:  # noqa: N803
        return {"FunctionVersion": self.versions[f"{FunctionName}:{Name}"]}

    def update_alias(self, **given: Any) -> None:
        assert given["RoutingConfig"] == {"AdditionalVersionWeights": {}}
        self.versions[f"{given['FunctionName']}:{given['Name']}"] = given["FunctionVersion"]

    def invoke(self, *, Payload: bytes, **_: object) -> dict[str, Any]:  # noqa: N803
        self.events.append(json.loads(Payload))
        answer = self.answers.pop(0)
        error = {"FunctionError": "Unhandled"} if "errorMessage" in answer else {}
        return {"Payload": io.BytesIO(json.dumps(answer).encode()), **error}


def deployed(client: object, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    functions = {
        f"orders.{one}": {"name": one, "alias": "live", "alias_arn": f"arn:{one}", "version": "3"}
        for one in ("api", "replay")
    }
    stack = Deployed(Environment.named("local"), {"functions": functions})
    monkeypatch.setattr(Environment, "client", lambda _self, _service: client)
    monkeypatch.setattr(Deployed, "read", lambda _environment: stack)
    return stack


def test_only_functions_with_a_new_version_are_released(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Lambda({"api:live": "2", "replay:live": "3"})
    assert deploy.promote(deployed(client, monkeypatch)) == ["orders.api"]
    assert client.versions == {"api:live": "3", "replay:live": "3"}


@pytest.mark.parametrize("name", ["local", "dev"])
def test_what_waits_for_a_rollout_is_said_and_not_moved(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client = Lambda({"api:live": "2", "replay:live": "3"})
    stack = Deployed(Environment.named(name), deployed(client, monkeypatch).outputs)
    monkeypatch.setattr(Deployed, "read", lambda _environment: stack)
    assert not deploy._release(stack, canary=name == "local")
    assert client.versions == {"api:live": "2", "replay:live": "3"}
    said = capsys.readouterr().out
    assert "orders.api" in said
    assert "orders.replay" not in said
    assert f"make rollout ENV={name}" in said


def test_an_aws_account_without_buckets_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "_has_bucket", lambda _environment, _purpose: False)
    dev = Environment.named("dev")
    dev.__dict__["_account_id"] = "123456789012"
    with pytest.raises(Failure, match="tradepost-state-123456789012-eu-west-1") as failure:
        deploy.ensure_buckets(dev)
    assert "terraform/bootstrap/README.md" in failure.value.hint


def test_aws_is_not_changed_without_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    applied = []

    class Terraform:
        def apply(self, planned: Progress) -> None:
            applied.append(planned)

    planned = Progress(planned={"a": "create"})
    monkeypatch.setattr(deploy, "make_plan", lambda _environment, **_: (Terraform(), planned))
    monkeypatch.setattr(deploy, "revision", Mock())
    deployed(Lambda({"api:live": "3", "replay:live": "3"}), monkeypatch)
    dev = Environment.named("dev")
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    with pytest.raises(Failure, match="nobody is here to confirm"):
        deploy.up(dev)
    assert not applied
    assert deploy.up(dev, yes=True)
    assert applied == [planned]


@pytest.mark.parametrize("groups", [[], ["orders.api"]])
def test_nothing_is_planned_while_a_release_is_in_flight(groups: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Terraform:
        def output(self) -> dict[str, Any]:
            return {"codedeploy_application": "tradepost-dev", "functions": {}}

    running = [type("Deployment", (), {"group": group}) for group in groups]
    monkeypatch.setattr(Deployments, "in_flight", lambda _self: running)
    dev = deployed(Lambda({}), monkeypatch).environment
    if not groups:
        deploy._refuse_during_a_release(dev, cast("Any", Terraform()))
        return
    with pytest.raises(Failure, match=r"in flight: orders\.api") as failure:
        deploy._refuse_during_a_release(dev, cast("Any", Terraform()))
    assert "make rollback FUNCTION=orders.api" in failure.value.hint


def test_what_was_never_deployed_has_no_release_in_flight() -> None:
    class Terraform:
        def output(self) -> dict[str, Any]:
            return {}

    deploy._refuse_during_a_release(Environment.named("dev"), cast("Any", Terraform()))


@pytest.mark.parametrize(
    ("change", "deployments"),
    [
        ({'module.rest_api.aws_api_gateway_method.this["GET /old"]': "delete"}, [deploy.API_DEPLOYMENT]),
        ({'module.rest_api.aws_api_gateway_method.this["GET /new"]': "create"}, []),
    ],
)
def test_a_removed_route_is_deployed_once_more_when_it_is_gone(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, str], deployments: list[str]
) -> None:
    steps: list[object] = []

    class Terraform:
        def apply(self, planned: Progress) -> None:
            steps.append(planned)

        def plan(self, *, replace: str) -> str:
            return replace

    planned = Progress(planned=change)
    monkeypatch.setattr(deploy, "make_plan", lambda _environment, **_: (Terraform(), planned))
    monkeypatch.setattr(deploy, "revision", Mock())
    deployed(Lambda({"api:live": "3", "replay:live": "3"}), monkeypatch)
    deploy.up(Environment.named("dev"), yes=True)
    assert steps == [planned, *deployments]
