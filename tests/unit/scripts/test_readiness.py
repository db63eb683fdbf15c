"""What has to be true before a version is released, against small stand-ins for AWS."""

from typing import Any

import pytest

from scripts.deployed import Deployed
from scripts.environment import Environment
from scripts.rollout import alarms, readiness
from scripts.rollout.alarms import Judgment, judgment
from scripts.rollout.change import Change

CHANGE = Change("orders.api", "api", "live", "orders.api", ("api-canary-errors",), "3", "4")


class ConflictError(Exception):
    """ResourceConflictException."""


class NoConfigError(Exception):
    """ProvisionedConcurrencyConfigNotFoundException."""


class Lambda:
    """A version in each of these states once, then in the last one; an alias, and how warm it is."""

    class exceptions:  # noqa: N801
        ResourceConflictException = ConflictError
        ProvisionedConcurrencyConfigNotFoundException = NoConfigError

    def __init__(self, *states: dict[str, Any], warm: dict[str, Any] | None = None, weights: Any = None) -> None:
        self.states = list(states)
        self.warm = warm
        self.weights = weights or {}
        self.conflicts = 0
        self.moved: list[dict[str, Any]] = []

    def get_function_configuration(self, **_: str) -> dict[str, Any]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"Version": "4", **state}

    def get_provisioned_concurrency_config(self, **_: str) -> dict[str, Any]:
        if self.warm is None:
            raise NoConfigError
        return self.warm

    def get_alias(self, **_: str) -> dict[str, Any]:
        return {"FunctionVersion": "4", "RoutingConfig": {"AdditionalVersionWeights": self.weights}}

    def update_alias(self, **given: Any) -> None:
        if self.conflicts:
            self.conflicts -= 1
            raise ConflictError
        self.moved.append(given)


def stack(client: object, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    monkeypatch.setattr(Environment, "client", lambda _self, _service: client)
    monkeypatch.setattr(readiness, "POLL_SECONDS", 0)
    return Deployed(Environment.named("local"), {})


ACTIVE = {"State": "Active", "LastUpdateStatus": "Successful"}
PENDING = {"State": "Pending", "LastUpdateStatus": "InProgress"}


@pytest.mark.parametrize(
    ("states", "flaw"),
    [
        ([ACTIVE], None),
        ([{"State": "Inactive"}], None),  # idle for weeks: the first invocation wakes it
        ([PENDING, PENDING, ACTIVE], None),
        ([PENDING], "still sets up"),
        ([{"State": "Failed", "StateReason": "no subnet"}], "no subnet"),
        ([PENDING, {"State": "Active", "LastUpdateStatus": "Failed"}], "no reason given"),
    ],
)
def test_a_version_is_released_when_lambda_has_set_it_up(
    states: list[dict[str, Any]], flaw: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = readiness.wait_until_active(stack(Lambda(*states), monkeypatch), [CHANGE], patience=0.05)
    assert flaw in found["orders.api"] if flaw else found == {}


@pytest.mark.parametrize(
    ("warm", "weights", "done", "flaw"),
    [
        (None, {}, True, ""),
        ({"Status": "READY"}, {}, True, ""),
        ({"Status": "READY"}, {"3": 1.0}, False, ""),  # ready, and traffic is still at the version before
        ({"Status": "IN_PROGRESS"}, {}, False, ""),
        ({"Status": "FAILED", "StatusReason": "INIT"}, {"3": 1.0}, False, "INIT"),
    ],
)
def test_an_alias_is_there_when_it_is_warm_and_without_weights(
    warm: dict[str, Any] | None, weights: dict[str, float], *, done: bool, flaw: str
) -> None:
    found = readiness.warmth(Lambda(ACTIVE, warm=warm, weights=weights), CHANGE)
    assert (found.done, found.flaw) == (done, flaw)


def test_an_alias_is_moved_once_lambda_is_no_longer_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "POLL_SECONDS", 0)
    client = Lambda(ACTIVE)
    client.conflicts = 3
    readiness.point(client, "api", "live", "4")
    [moved] = client.moved
    assert (moved["FunctionVersion"], moved["RoutingConfig"]) == ("4", {"AdditionalVersionWeights": {}})
    client.conflicts = readiness.CONFLICT_TRIES
    with pytest.raises(ConflictError):
        readiness.point(client, "api", "live", "4")


def alarm(version: str | None) -> dict[str, Any]:
    """An alarm as CloudWatch describes those of module function."""
    dimensions = [{"Name": "FunctionName", "Value": "api"}]
    dimensions += [{"Name": "ExecutedVersion", "Value": version}] if version else []
    metric = {"MetricStat": {"Metric": {"Dimensions": dimensions}, "Period": 60, "Stat": "Sum"}, "Id": "errors"}
    expression = {"Id": "judged", "Expression": "IF(invocations >= 5, 100 * errors / invocations, 0)"}
    return {"AlarmName": "api-canary-errors", "Metrics": [expression, metric]}


class Alarms:
    """CloudWatch with these alarms."""

    def __init__(self, *found: dict[str, Any]) -> None:
        self.found = found

    def describe_alarms(self, **_: object) -> dict[str, Any]:
        return {"MetricAlarms": self.found}


def test_an_alarm_tells_what_it_looks_at() -> None:
    assert judgment(alarm("4")) == Judgment("4", 60, 5)
    assert judgment({"AlarmName": "x", "MetricName": "Errors"}) == Judgment("", 60, 1)


@pytest.mark.parametrize(("found", "released"), [([alarm("4")], True), ([alarm("5")], False), ([], False)])
def test_what_its_alarms_do_not_watch_is_not_released(
    found: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, *, released: bool
) -> None:
    blind = alarms.elsewhere(stack(Alarms(*found), monkeypatch), [CHANGE])
    assert (blind == {}) is released
    if blind:
        assert "api-canary-errors watches version" in blind["orders.api"]
