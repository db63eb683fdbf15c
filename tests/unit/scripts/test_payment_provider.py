"""Connecting the local payment provider with a deployed stack, against stand-ins for both."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from scripts import payment_provider
from scripts.deployed import Deployed
from scripts.environment import Environment
from scripts.local.psp.service import PATH
from scripts.terraform import Terraform


class ValuelessError(Exception):
    pass


class Manager:
    """The secrets, by ARN."""

    exceptions = SimpleNamespace(ResourceNotFoundException=ValuelessError)

    def __init__(self) -> None:
        self.values: dict[str, dict[str, str]] = {}
        self.writes: list[str] = []

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803
        if SecretId not in self.values:
            raise ValuelessError
        return {"SecretString": json.dumps(self.values[SecretId])}

    def put_secret_value(self, *, SecretId: str, SecretString: str) -> None:  # noqa: N803
        self.values[SecretId] = json.loads(SecretString)
        self.writes.append(SecretId)


class Provider:
    """The provider's answers."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.signing_secret = "whsec_1"
        self.url = ""

    def request(self, _method: str, url: str, **options: Any) -> requests.Response:
        path = url.partition(PATH)[2]
        answer: dict[str, Any] = {}
        status = 200
        if path == "/admin/webhook_endpoint":
            self.url = options["json"]["url"]
            answer = {"url": self.url, "secret": self.signing_secret}
        elif path == "/admin/api_keys":
            self.keys.append(f"psk_{len(self.keys)}")
            answer = {"id": "key", "secret": self.keys[-1]}
        else:
            status = 200 if options["headers"]["Authorization"].removeprefix("Bearer ") in self.keys else 401
        response = requests.Response()
        response.status_code, response._content = status, json.dumps(answer).encode()
        return response


@pytest.fixture
def manager() -> Manager:
    return Manager()


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    provider = Provider()
    monkeypatch.setattr(
        requests.Session, "request", lambda _self, method, url, **options: provider.request(method, url, **options)
    )
    return provider


@pytest.fixture
def stack(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    monkeypatch.setenv("TRADEPOST_PORT", "4999")
    monkeypatch.setattr(Environment, "client", lambda _self, _service: manager)
    outputs = {
        "payment_provider_secret_arn": "arn:key",
        "payment_webhook_secret_arn": "arn:webhooks",
        "rest_api_id": "api",
        "rest_api_stage": "v1",
    }
    return Deployed(Environment.named("local"), outputs)


def test_credentials_are_given_once(stack: Deployed, manager: Manager, provider: Provider) -> None:
    assert payment_provider.connect(stack)
    assert manager.values == {
        "arn:key": {"api_key": "psk_0", "api_key_id": "key"},
        "arn:webhooks": {"signing_secret": "whsec_1"},
    }
    assert provider.url == "http://127.0.0.1:4999/restapis/api/v1/_user_request_/payments/events"
    assert not payment_provider.connect(stack)
    assert manager.writes == ["arn:key", "arn:webhooks"]


def test_a_key_that_the_provider_forgot_is_made_again(stack: Deployed, manager: Manager, provider: Provider) -> None:
    payment_provider.connect(stack)
    provider.keys.clear()
    assert payment_provider.connect(stack)
    assert manager.writes == ["arn:key", "arn:webhooks", "arn:key"]


def test_a_signing_secret_that_was_rolled_is_taken_over(stack: Deployed, manager: Manager, provider: Provider) -> None:
    payment_provider.connect(stack)
    provider.signing_secret = "whsec_2"
    assert payment_provider.connect(stack)
    assert manager.writes == ["arn:key", "arn:webhooks", "arn:webhooks"]
    assert manager.values["arn:webhooks"] == {"signing_secret": "whsec_2"}


def test_terraform_is_told_where_the_local_provider_is(stack: Deployed) -> None:
    variables = Terraform(stack.environment)._environment()
    assert variables["TF_VAR_payment_provider_url"] == f"http://127.0.0.1:4999{PATH}"
    assert "TF_VAR_payment_provider_url" not in Terraform(Environment.named("dev"))._environment()
