"""The same bytes from the build to what serves, or a failure that names what is not."""

import base64
from pathlib import Path
from typing import Any

import pytest

from scripts.build.manifest import Artifact, write_manifest
from scripts.console import Failure
from scripts.delivery import artifacts
from scripts.deployed import Deployed
from scripts.environment import Environment

ZIPS = {"orders": b"code of orders", "shared-layer": b"the layer"}


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path)
    monkeypatch.setattr(artifacts, "BUILD", tmp_path)
    return tmp_path


def write(folder: Path, platform: str = "any") -> None:
    made = {}
    for name, content in ZIPS.items():
        file = folder / f"{name}.zip"
        file.write_bytes(content)
        made[name] = Artifact(file.name, artifacts.digest(file), len(content), len(content), platform)
    write_manifest(folder / "manifest.json", made)


def test_what_was_built_is_accepted(build: Path) -> None:
    found = artifacts.check(build, artifacts.digest(build / "manifest.json"), artifacts.AWS_PLATFORMS)
    assert sorted(found) == ["orders", "shared-layer"]


def test_a_changed_zip_is_named(build: Path) -> None:
    (build / "orders.zip").write_bytes(b"another code")
    with pytest.raises(Failure, match=r"orders\.zip has .*, the manifest says"):
        artifacts.check(build)


def test_a_missing_zip_is_named(build: Path) -> None:
    (build / "orders.zip").unlink()
    with pytest.raises(Failure, match=r"orders\.zip is missing"):
        artifacts.check(build)


def test_a_zip_that_nobody_built_is_named(build: Path) -> None:
    (build / "extra.zip").write_bytes(b"")
    with pytest.raises(Failure, match=r"extra\.zip is not in the manifest"):
        artifacts.check(build)


def test_zip_and_manifest_changed_together_do_not_pass_for_the_build(build: Path) -> None:
    asked = artifacts.digest(build / "manifest.json")
    write(build, platform="linux_arm64")
    artifacts.check(build)
    with pytest.raises(Failure, match="is not the manifest that was asked for"):
        artifacts.check(build, asked)


def test_a_build_for_this_machine_does_not_go_to_aws(build: Path) -> None:
    write(build, platform="linux_x86_64")
    artifacts.verify(Environment.named("local"))
    with pytest.raises(Failure, match=r"orders\.zip is for linux_x86_64, not for any or linux_arm64"):
        artifacts.verify(Environment.named("dev"))


def test_no_build_at_all(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"manifest\.json does not exist") as failure:
        artifacts.check(tmp_path)
    assert "make build" in failure.value.hint


class Lambda:
    """One function, whose alias serves `version`, made of `code` and `layer`."""

    def __init__(self, **given: Any) -> None:
        self.version, self.weights = given.get("version", "3"), given.get("weights", {})
        self.code, self.layer = given.get("code", "orders"), given.get("layer", "shared-layer")

    def get_alias(self, **_: str) -> dict[str, Any]:
        return {"FunctionVersion": self.version, "RoutingConfig": {"AdditionalVersionWeights": self.weights}}

    def get_function_configuration(self, **_: str) -> dict[str, Any]:
        return {"CodeSha256": of(self.code), "Layers": [{"Arn": "arn:layer"}]}

    def get_layer_version_by_arn(self, Arn: str) -> dict[str, Any]:  # noqa: N803
        assert Arn == "arn:layer"
        return {"Content": {"CodeSha256": of(self.layer)}}


def of(name: str) -> str:
    import hashlib

    return base64.b64encode(hashlib.sha256(ZIPS.get(name, b"other")).digest()).decode()


@pytest.mark.parametrize(
    ("given", "flaw"),
    [
        ({}, ""),
        ({"version": "2"}, "serves version 2, the newest is 3"),
        ({"weights": {"4": 0.1}}, "shares its traffic with version 4"),
        ({"code": "other"}, r"version 3 is not orders\.zip"),
        ({"layer": "other"}, r"version 3 is not with shared-layer\.zip"),
    ],
    ids=["as built", "not released", "in flight", "other code", "other layer"],
)
@pytest.mark.usefixtures("build")
def test_what_serves_is_what_was_built(given: dict[str, Any], flaw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function = {"name": "tradepost-local-orders-api", "alias": "live", "version": "3"}
    stack = Deployed(Environment.named("local"), {"functions": {"orders.api": function}})
    monkeypatch.setattr(Deployed, "read", lambda _environment: stack)
    monkeypatch.setattr(Environment, "client", lambda _self, _service: Lambda(**given))
    if not flaw:
        artifacts.verify(stack.environment, serving=True)
        return
    with pytest.raises(Failure, match=f"orders.api: {flaw}"):
        artifacts.verify(stack.environment, serving=True)
