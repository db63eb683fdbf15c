"""How commands reach the local cloud and AWS."""

import os
from pathlib import Path

import pytest

from scripts.console import Failure
from scripts.deployed import Deployed
from scripts.environment import ROOT, Environment


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setenv("TRADEPOST_LOCAL_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("TRADEPOST_PORT", "4999")
    return Environment.named("local")


def test_an_unknown_environment_is_refused() -> None:
    with pytest.raises(Failure, match="no environment 'production'") as failure:
        Environment.named("production")
    assert "prod" in failure.value.hint


def test_nothing_of_a_persons_aws_settings_reaches_the_local_cloud(
    local: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production-admin")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    monkeypatch.setenv("NO_PROXY", "intranet")
    child = local.process_environment()
    assert "AWS_PROFILE" not in child
    assert "AWS_SESSION_TOKEN" not in child
    assert child["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4999"
    assert child["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    client = local.client("dynamodb")
    assert client.meta.endpoint_url == "http://127.0.0.1:4999"
    assert local.session().get_credentials().access_key == "test"  # type: ignore[union-attr]


def test_aws_keeps_the_persons_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "developer")
    child = Environment.named("dev").process_environment()
    assert child["AWS_PROFILE"] == "developer"
    assert child["AWS_REGION"] == "eu-west-1"
    assert "AWS_ENDPOINT_URL" not in child or child["AWS_ENDPOINT_URL"] == os.environ["AWS_ENDPOINT_URL"]


def test_environments_keep_terraforms_files_apart(local: Environment, tmp_path: Path) -> None:
    folders = [Environment.named(name).work_dir for name in ("local", "dev", "staging", "prod")]
    assert len(set(folders)) == 4
    assert folders[0] == tmp_path / "home" / "terraform"
    assert not any(folder.is_relative_to(ROOT / "terraform") for folder in folders)


def test_buckets_are_named_by_account_and_region(local: Environment) -> None:
    assert local.bucket("state") == "tradepost-state-000000000000-eu-west-1"


def test_the_local_api_is_behind_the_endpoint(local: Environment) -> None:
    outputs = {"rest_api_id": "abc", "rest_api_stage": "v1", "partner_api_keys": {"demo": "key"}}
    stack = Deployed(local, outputs)
    assert stack.api_url() == "http://127.0.0.1:4999/restapis/abc/v1/_user_request_"
    assert stack.api_key() == "key"
    with pytest.raises(Failure, match="no partner 'acme'"):
        stack.api_key("acme")


def test_the_api_on_aws_is_an_output() -> None:
    stack = Deployed(Environment.named("dev"), {"api_url": "https://api.example/v1/"})
    assert stack.api_url() == "https://api.example/v1"


def test_a_bad_port_is_a_failure_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEPOST_PORT", "http")
    with pytest.raises(Failure, match="TRADEPOST_PORT is 'http'"):
        Environment.named("local").variables()
