"""Going back, and what is written down of releases, against small stand-ins for AWS."""

import json
from dataclasses import asdict, replace

import pytest

from scripts.console import Failure
from scripts.environment import Environment
from scripts.rollout import back
from scripts.rollout.change import Change
from scripts.rollout.deployments import Deployments
from scripts.rollout.record import Record, Records, catch_up
from tests.unit.scripts.rollout_support import CHANGE, DEPLOYMENT, NOW, UNDO, Lambda, Parameters, deployed


@pytest.fixture
def parameters(monkeypatch: pytest.MonkeyPatch) -> Parameters:
    found = Parameters()
    monkeypatch.setattr(Environment, "client", lambda _self, _service: found)
    return found


def release(change: Change, deployment_id: str, records: Records) -> None:
    records.released(change, replace(DEPLOYMENT, id=deployment_id, status="Succeeded", finished=NOW))


def test_a_release_is_recorded_once(parameters: Parameters) -> None:
    records = Records(Environment.named("local"))
    release(CHANGE, "d-1", records)
    release(CHANGE, "d-1", records)
    [value] = parameters.values["/tradepost/local/releases/orders.api"]
    assert Record(**json.loads(value)) == Record("4", "3", "d-1", "2026-01-02T03:04:05+00:00", "ann")
    assert parameters.counted == ["orders"]


def test_going_back_twice_goes_further_back_and_not_forth(parameters: Parameters) -> None:
    records = Records(Environment.named("local"))
    release(replace(CHANGE, current="1", target="3"), "d-1", records)
    release(CHANGE, "d-2", records)
    release(replace(CHANGE, current="4", target="3"), "d-3", records)
    last = records.last("orders.api")
    assert last
    assert (last.version, last.previous) == ("3", "1")


@pytest.mark.parametrize(
    ("record", "serves", "target"),
    [
        (None, "4", None),
        (Record("4", "3", "d-1", "", ""), "4", "3"),
        (Record("4", None, "d-1", "", ""), "4", None),
        (Record("4", "3", "d-1", "", ""), "5", "4"),  # moved by somebody else since
    ],
)
def test_the_way_back_is_the_last_known_good(
    record: Record | None, serves: str, target: str | None, parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = Records(Environment.named("local"))
    if record:
        parameters.put_parameter("/tradepost/local/releases/orders.api", json.dumps(asdict(record)))
    stack = deployed(Lambda({"api": serves}, {"3": {}, "4": {}}), monkeypatch)
    found = back._back(stack, records, "orders.api")
    assert (found.target if found else None) == target


def test_a_pruned_version_is_no_way_back(parameters: Parameters, monkeypatch: pytest.MonkeyPatch) -> None:
    records = Records(Environment.named("local"))
    parameters.put_parameter(
        "/tradepost/local/releases/orders.api", json.dumps(asdict(Record("4", "3", "d-1", "", "")))
    )
    stack = deployed(Lambda({"api": "4"}, {"4": {}}), monkeypatch)
    with pytest.raises(Failure, match="version 3: it was pruned"):
        back._back(stack, records, "orders.api")


@pytest.mark.parametrize(("serves", "ends"), [("4+3", "3"), ("4", "4")])
def test_weights_that_no_release_needs_are_taken_away(
    serves: str, ends: str, parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = Records(Environment.named("local"))
    parameters.put_parameter(
        "/tradepost/local/releases/orders.api", json.dumps(asdict(Record("3", "2", "d-1", "", "")))
    )
    client = Lambda({"api": serves})
    assert back._straighten(deployed(client, monkeypatch), records, "orders.api") is (serves != ends)
    assert client.aliases == {"api": ends}


@pytest.mark.parametrize(("serves", "recorded"), [("4", True), ("3", False), ("4+3", False)])
def test_what_ended_unwatched_is_recorded_if_it_serves(
    parameters: Parameters, monkeypatch: pytest.MonkeyPatch, serves: str, *, recorded: bool
) -> None:
    records = Records(Environment.named("local"))
    stack = deployed(Lambda({"api": serves}), monkeypatch)
    stack.outputs["codedeploy_application"] = "tradepost-local"
    done = replace(DEPLOYMENT, status="Succeeded", finished=NOW)
    monkeypatch.setattr(Deployments, "last_succeeded", lambda _self: {"orders.api": "d-1"})
    monkeypatch.setattr(Deployments, "read", lambda _self, _ids: {"d-1": done})
    monkeypatch.setattr(Deployments, "change", lambda _self, _deployment: CHANGE)
    catch_up(Deployments(stack), records)
    assert ("/tradepost/local/releases/orders.api" in parameters.values) is recorded


@pytest.mark.parametrize(("service", "only"), [("", ""), ("orders", "orders.api"), ("", "orders.none"), ("none", "")])
def test_a_rollback_of_nothing_or_of_the_unknown_is_refused(
    service: str, only: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Failure):
        back._chosen(deployed(Lambda({}), monkeypatch), service, only)


def test_a_service_is_all_its_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    assert back._chosen(deployed(Lambda({}), monkeypatch), "orders", "") == ["orders.api", "orders.replay"]


def test_results_say_how_it_ended() -> None:
    assert back.result(DEPLOYMENT) == "in flight"
    assert back.result(replace(DEPLOYMENT, status="Succeeded")) == "released"
    stopped = replace(DEPLOYMENT, status="Stopped", error_code="ALARM_ACTIVE")
    assert back.result(replace(stopped, rolled_back_by="d-2")) == "rolled back: alarm"
    assert back.result(stopped) == "failed: alarm"
    assert back.result(replace(UNDO, status="Succeeded")) == "undid d-1"
