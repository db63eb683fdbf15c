"""Changing the log level of functions for a while."""

import json
from typing import Any

import pytest

from scripts.console import Failure
from scripts.deployed import Deployed
from scripts.environment import Environment
from scripts.oncall.log_level import log_level
from shared.clock import from_text, now
from tests.unit.scripts.oncall.test_redrive import Logs

PREFIX = "/tradepost/local/log-level/"


class Ssm:
    """Parameter Store."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def put_parameter(self, Name: str, Value: str, **_: Any) -> None:  # noqa: N803
        self.values[Name] = Value

    def delete_parameters(self, Names: list[str]) -> None:  # noqa: N803
        for name in Names:
            self.values.pop(name, None)

    def get_paginator(self, _name: str) -> Any:
        page = {"Parameters": [{"Name": name, "Value": value} for name, value in self.values.items()]}
        return type("Pages", (), {"paginate": lambda _self, **_given: [page]})()


@pytest.fixture
def ssm(monkeypatch: pytest.MonkeyPatch) -> Ssm:
    found, logs = Ssm(), Logs()
    functions: dict[str, Any] = {key: {} for key in ("orders.api", "orders.publish", "operations.deploy_check")}
    outputs = {"functions": functions, "audit_log_group": "audit"}
    monkeypatch.setattr(Deployed, "read", lambda environment: Deployed(environment, outputs))
    monkeypatch.setattr(Environment, "client", lambda _self, name: found if name == "ssm" else logs)
    return found


LOCAL = Environment.named("local")


def test_a_service_s_functions_log_more_for_a_while(ssm: Ssm) -> None:
    log_level(LOCAL, function="orders", level="debug", period="2h")
    assert ssm.values.keys() == {PREFIX + "orders.api", PREFIX + "orders.publish"}
    value = json.loads(ssm.values[PREFIX + "orders.api"])
    assert value["level"] == "DEBUG"
    assert 7100 < (from_text(value["until"]) - now()).total_seconds() <= 7200


def test_it_is_shown_and_ended(ssm: Ssm, capsys: pytest.CaptureFixture[str]) -> None:
    log_level(LOCAL, function="orders.api", level="ERROR")
    log_level(LOCAL)
    assert "orders.api   ERROR" in capsys.readouterr().out
    log_level(LOCAL, function="all", level="default")
    assert ssm.values == {}
    log_level(LOCAL)
    assert "every function" in capsys.readouterr().out


def test_a_dry_run_changes_nothing(ssm: Ssm) -> None:
    log_level(LOCAL, function="orders.api", level="DEBUG", dry_run=True)
    assert ssm.values == {}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"function": "orders.nothing", "level": "DEBUG"}, "no function"),
        ({"function": "orders.api", "level": "LOUD"}, "no level"),
        ({"function": "orders.api", "level": ""}, "no level"),
        ({"function": "orders.api", "level": "DEBUG", "period": "2d"}, "too long"),
    ],
)
def test_what_makes_no_sense_is_refused(ssm: Ssm, options: dict[str, Any], said: str) -> None:
    with pytest.raises(Failure, match=said):
        log_level(LOCAL, **options)
    assert ssm.values == {}
