"""Pruning against Lambda's API: what goes, and above all what never does."""

import io
import itertools
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

from scripts.console import Failure
from scripts.deployed import Deployed
from scripts.environment import Environment
from scripts.rollout import prune
from scripts.rollout.deployments import Deployments
from scripts.rollout.prune import ranges, survey

REGION = "eu-west-1"
KEY, NAME, LAYER = "orders.api", "tradepost-dev-orders-api", "tradepost-dev-shared"
_ACCOUNTS = map(str, itertools.count(111111111111))


def archive(text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as target:
        target.writestr("app.py", text)
    return content.getvalue()


@dataclass
class Account:
    """An account with one function of the stack; each version has code of its own and the layer version it is given."""

    api: Any
    stack: Deployed

    def publish(self, layer: str, count: int = 1) -> None:
        for _ in range(count):
            code = archive(f"# {len(self.versions())}")
            self.api.update_function_configuration(FunctionName=NAME, Layers=[layer])
            self.stack.outputs["functions"][KEY]["version"] = self.api.update_function_code(
                FunctionName=NAME, ZipFile=code, Publish=True
            )["Version"]

    def layer(self) -> str:
        """The ARN of a new layer version."""
        made = self.api.publish_layer_version(LayerName=LAYER, Content={"ZipFile": archive("layer")})
        return str(made["LayerVersionArn"])

    def versions(self) -> list[int]:
        found = self.api.list_versions_by_function(FunctionName=NAME)["Versions"]
        return [int(one["Version"]) for one in found if one["Version"] != "$LATEST"]

    def layers(self) -> list[int]:
        return sorted(one["Version"] for one in self.api.list_layer_versions(LayerName=LAYER)["LayerVersions"])

    def alias(self, version: str, name: str = "live", **weights: float) -> None:
        routing = {"AdditionalVersionWeights": {key.removeprefix("v"): value for key, value in weights.items()}}
        self.api.create_alias(FunctionName=NAME, Name=name, FunctionVersion=version, RoutingConfig=routing)

    def record(self, version: str, previous: str | None) -> None:
        value = {"version": version, "previous": previous, "deployment_id": "d-1", "finished_at": "", "by": "ann"}
        self.stack.environment.client("ssm").put_parameter(
            Name=f"/tradepost/dev/releases/{KEY}", Type="String", Value=json.dumps(value)
        )


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    make: Any = boto3.client
    # moto forgets nothing while another test's mock is in force: each of these tests has an account of its own.
    number = next(_ACCOUNTS)
    monkeypatch.setenv("MOTO_ACCOUNT_ID", number)
    with mock_aws():
        monkeypatch.setattr(Environment, "client", lambda _self, service: make(service, region_name=REGION))
        boto: Any = make("iam", region_name=REGION)
        boto.create_role(RoleName="tradepost", AssumeRolePolicyDocument="{}")
        api = make("lambda", region_name=REGION)
        api.create_function(
            FunctionName=NAME,
            Runtime="python3.13",
            Role=f"arn:aws:iam::{number}:role/tradepost",
            Handler="app.handler",
            Code={"ZipFile": archive("")},
        )
        functions = {KEY: {"name": NAME, "alias": "live", "version": "1", "deployment_group": KEY, "canary_alarms": []}}
        outputs = {"functions": functions, "codedeploy_application": "tradepost-dev"}
        stack = Deployed(Environment.named("dev"), outputs)
        monkeypatch.setattr(Deployed, "read", lambda _environment: stack)
        monkeypatch.setattr(Deployments, "in_flight", lambda _self: [])
        monkeypatch.setattr(prune, "catch_up", lambda *_: None)
        yield Account(api, stack)


def test_what_serves_was_good_or_is_newest_stays(account: Account) -> None:
    account.publish(account.layer(), 9)
    account.alias("3", v4=0.1)
    account.alias("2", name="other")
    account.record("6", "5")
    prune.prune(account.stack.environment, keep=1)
    assert account.versions() == [2, 3, 4, 5, 6, 9]


def test_the_strongest_reason_is_told(account: Account) -> None:
    account.publish(account.layer(), 6)
    account.alias("3")
    account.record("3", "2")
    [function, _] = survey(account.stack, keep=2)
    assert function.going == (1, 4)
    assert function.staying == {2: "good before it", 3: "alias live", 5: "recent", 6: "newest"}


def test_as_many_as_asked_for_stay(account: Account) -> None:
    account.publish(account.layer(), 7)
    account.alias("7")
    prune.prune(account.stack.environment, keep=4)
    assert account.versions() == [4, 5, 6, 7]


def test_a_layer_version_goes_with_the_last_version_that_uses_it(account: Account) -> None:
    layers = [account.layer() for _ in range(4)]
    for layer in (layers[0], layers[1], layers[2]):
        account.publish(layer)
    account.alias("1")
    # 1 is used by a version that stays, 2 by none, 3 by the newest; nothing uses 4 yet: an apply has just made it.
    prune.prune(account.stack.environment, keep=1)
    assert account.versions() == [1, 3]
    assert account.layers() == [1, 3, 4]


def test_a_layer_of_the_unpublished_function_stays(account: Account) -> None:
    first, second = account.layer(), account.layer()
    account.publish(second, 2)
    account.api.update_function_configuration(FunctionName=NAME, Layers=[first])
    account.layer()
    account.alias("2")
    prune.prune(account.stack.environment, keep=1)
    assert account.layers() == [1, 2, 3]


def test_a_dry_run_deletes_nothing(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.publish(account.layer(), 4)
    account.alias("4")
    prune.prune(account.stack.environment, keep=1, dry_run=True)
    assert account.versions() == [1, 2, 3, 4]
    shown = capsys.readouterr().out
    assert "1-3" in shown
    assert "4 (alias live)" in shown
    assert "dry run: 3 versions" in shown


def test_it_is_written_down(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.publish(account.layer(), 4)
    account.alias("4")
    prune.prune(account.stack.environment, keep=1)
    assert f"{KEY} 1-3" in capsys.readouterr().out
    value = account.stack.environment.client("ssm").get_parameter(Name="/tradepost/dev/pruned")["Parameter"]["Value"]
    entry = json.loads(value)
    assert entry["deleted"] == {KEY: "1-3"}
    assert entry["by"]
    assert entry["at"].endswith("+00:00")


@pytest.mark.parametrize(("published", "left"), [(8, 8), (14, 10)])
def test_a_release_prunes_and_leaves_more(account: Account, published: int, left: int) -> None:
    account.publish(account.layer(), published)
    account.alias(str(published))
    prune.after_release(account.stack)
    assert len(account.versions()) == left


def test_what_cannot_be_pruned_does_not_spoil_a_release(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.stack.outputs["functions"][KEY]["name"] = "gone"
    prune.after_release(account.stack)
    assert "not pruned" in capsys.readouterr().out


def test_a_version_that_an_alias_came_to_use_stays(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.publish(account.layer(), 3)
    account.alias("3")
    found = survey(account.stack, keep=1)
    account.alias("1", name="late")

    class Guarded:
        """Lambda as AWS has it: a version with an alias is not deleted."""

        exceptions = account.api.exceptions

        def delete_function(self, **given: str) -> None:
            if given["Qualifier"] == "1":
                raise self.exceptions.ResourceConflictException(
                    {"Error": {"Code": "x", "Message": "x"}}, "DeleteFunction"
                )
            account.api.delete_function(**given)

    clients = {"lambda": Guarded(), "ssm": account.stack.environment.client("ssm")}
    clients["sts"] = account.stack.environment.client("sts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "client", lambda _self, service: clients[service])
        prune._delete(account.stack, found)
    assert account.versions() == [1, 3]
    assert "version 1 stays" in capsys.readouterr().out


def test_nothing_is_pruned_while_a_release_is_in_flight(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    account.publish(account.layer(), 3)
    monkeypatch.setattr(Deployments, "in_flight", lambda _self: [type("One", (), {"group": KEY})])
    with pytest.raises(Failure, match="in flight"):
        prune.prune(account.stack.environment, keep=1)
    assert account.versions() == [1, 2, 3]


def test_to_keep_none_is_refused(account: Account) -> None:
    with pytest.raises(Failure, match="--keep 0"):
        prune.prune(account.stack.environment, keep=0)


@pytest.mark.parametrize(
    ("versions", "shown"), [([], ""), ([3], "3"), ([1, 2, 3, 5, 7, 8], "1-3, 5, 7-8"), ([2, 1], "1-2")]
)
def test_versions_are_told_in_short(versions: list[int], shown: str) -> None:
    assert ranges(versions) == shown
