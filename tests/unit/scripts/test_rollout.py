"""Decisions of a release, against small stand-ins for AWS."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from scripts.console import Failure, show_table
from scripts.rollout import alarms, command, reasons
from scripts.rollout.change import DEAD_LETTERS, ROLE, Change, changes, in_waves, unlike
from scripts.rollout.deployments import Deployment, Deployments
from scripts.rollout.readiness import Warmth
from scripts.rollout.view import Lines
from scripts.rollout.watch import (
    FAILED,
    RELEASED,
    ROLLBACK_GRACE_SECONDS,
    ROLLED_BACK,
    WARM_WITHIN_SECONDS,
    Release,
    Watch,
)
from tests.unit.scripts.rollout_support import CHANGE, DEPLOYMENT, NOW, UNDO, Lambda, deployed


def test_what_is_not_at_its_newest_version_is_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    assert changes(deployed(Lambda({"api": "3", "replay": "4"}), monkeypatch)) == [CHANGE]


def test_weights_without_a_release_are_told_how_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Failure, match=r"orders\.replay is split") as failure:
        changes(deployed(Lambda({"api": "3", "replay": "4+3"}), monkeypatch))
    assert "make rollback FUNCTION=orders.replay" in failure.value.hint


@pytest.mark.parametrize(
    ("new", "differs"),
    [
        ({"Role": "a"}, []),
        ({"Role": "a", "DeadLetterConfig": {}}, []),
        ({"Role": "b"}, [ROLE]),
        ({"Role": "a", "DeadLetterConfig": {"TargetArn": "queue"}}, [DEAD_LETTERS]),
        ({"Role": "b", "DeadLetterConfig": {"TargetArn": "queue"}}, [ROLE, DEAD_LETTERS]),
    ],
)
def test_versions_that_cannot_share_an_alias_are_found(new: dict[str, Any], differs: list[str]) -> None:
    assert unlike(Lambda({}, {"3": {"Role": "a"}, "4": new}), CHANGE) == differs


def test_what_cannot_be_canaried_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = deployed(Lambda({}, {"3": {"Role": "a"}, "4": {"Role": "b"}}), monkeypatch)
    reason = command.unlike_ones(stack, [CHANGE])["orders.api"]
    assert ROLE in reason
    assert "--all-at-once" in reason


class OneDeployment:
    """Deployments: one of the group, of this change."""

    def __init__(self, change: Change | None) -> None:
        self.made = change

    def of_group(self, _: str, limit: int) -> list[Deployment]:
        return [DEPLOYMENT][:limit]

    def change(self, _: Deployment) -> Change | None:
        return self.made


@pytest.mark.parametrize(
    ("made", "refused"),
    [
        (CHANGE, True),  # rolled back
        (replace(CHANGE, current="4", target="3"), True),  # left by a person
        (replace(CHANGE, current="2", target="3"), False),
        (None, False),
    ],
)
def test_a_version_that_did_not_stay_is_not_released_again(made: Change | None, refused: bool) -> None:
    found = command.taken_back(cast("Deployments", OneDeployment(made)), [CHANGE])
    assert ("orders.api" in found) is refused


def test_the_app_spec_names_both_versions_and_the_hook() -> None:
    spec = json.loads(CHANGE.app_spec("check:live"))
    properties = spec["Resources"][0]["api"]["Properties"]
    assert properties == {"Name": "api", "Alias": "live", "CurrentVersion": "3", "TargetVersion": "4"}
    assert spec["Hooks"] == [{"BeforeAllowTraffic": "check:live"}]
    assert json.loads(CHANGE.app_spec(None))["Hooks"] == []


class Alarms:
    """One alarm, in each of these states once and then in the last one for good."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)

    def describe_alarms(self, AlarmNames: list[str], **_: object) -> dict[str, Any]:  # noqa: N803
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"MetricAlarms": [{"AlarmName": name, "StateValue": state} for name in AlarmNames]}


@pytest.mark.parametrize(
    ("states", "left"),
    [(["OK"], {}), (["ALARM", "ALARM", "OK"], {}), (["ALARM"], {"orders.api": ["api-canary-errors"]})],
)
def test_an_alarm_of_the_version_before_is_waited_for(
    states: list[str], left: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarms, "POLL_SECONDS", 0)
    stack = deployed(Alarms(*states), monkeypatch)
    assert alarms.wait_until_quiet(stack, [CHANGE], patience=0.05) == left


def watched(*looks: tuple[Deployment, Deployment | None, float], weight: int = 0) -> Release:
    release = Release(CHANGE, "d-1", weight=weight)
    for deployment, undo, now in looks:
        release.take(deployment, undo, now)
    return release


def test_a_release_ends_when_its_deployment_succeeded() -> None:
    running = watched((DEPLOYMENT, None, 0), weight=10)
    assert (running.state, running.ended) == ("shifting", None)
    done = watched((replace(DEPLOYMENT, status="Succeeded", finished=NOW + timedelta(seconds=9)), None, 0))
    assert (done.state, done.elapsed) == (RELEASED, 9)


def test_a_release_waits_for_its_provisioned_environments() -> None:
    done = replace(DEPLOYMENT, status="Succeeded", finished=NOW)
    release = Release(CHANGE, "d-1")
    release.take(done, None, 0, Warmth(done=False))
    assert (release.state, release.ended) == ("warming", None)
    release.take(done, None, 1, Warmth(done=True))
    assert release.state == RELEASED
    assert release.elapsed > 9  # until it was warm, not until CodeDeploy was done


class WarmsUp(Lambda):
    """An alias that moves on to the new version when somebody has asked whether its environments are warm."""

    class exceptions(Lambda.exceptions):  # noqa: N801
        ProvisionedConcurrencyConfigNotFoundException = LookupError

    def get_provisioned_concurrency_config(self, **_: str) -> dict[str, str]:
        self.aliases["api"] = "4"
        return {"Status": "READY"}

    def describe_alarms(self, **_: object) -> dict[str, Any]:
        return {"MetricAlarms": []}


class Succeeded:
    """Deployments: all of them have succeeded."""

    def read(self, ids: list[str]) -> dict[str, Deployment]:
        return {one: replace(DEPLOYMENT, status="Succeeded", finished=NOW) for one in ids}


def test_what_is_released_is_shown_with_all_traffic(monkeypatch: pytest.MonkeyPatch) -> None:
    release = Release(CHANGE, "d-1")
    stack = deployed(WarmsUp({"api": "4+3"}), monkeypatch)
    watch = Watch(stack, cast("Deployments", Succeeded()), [release])
    watch.look()
    assert (release.state, release.weight) == (RELEASED, 100)


@pytest.mark.parametrize(
    ("warm", "now"), [(Warmth(done=False, flaw="INIT"), 0.0), (Warmth(done=False), WARM_WITHIN_SECONDS)]
)
def test_a_release_that_cannot_be_kept_warm_does_not_stay(warm: Warmth, now: float) -> None:
    done = replace(DEPLOYMENT, status="Succeeded", finished=NOW)
    release = Release(CHANGE, "d-1")
    release.take(done, None, 0.0, Warmth(done=False))
    release.take(done, None, now or 1.0, warm)
    assert release.state == FAILED
    assert release.cold


def test_a_failed_release_ends_with_its_rollback() -> None:
    failed = replace(DEPLOYMENT, status="Stopped", rolled_back_by="d-2")
    assert watched((failed, None, 0), (failed, UNDO, 1)).ended is None
    assert watched((failed, replace(UNDO, status="Succeeded"), 1)).state == ROLLED_BACK
    assert watched((failed, replace(UNDO, status="Failed"), 1)).state == FAILED


def test_a_failed_release_without_a_rollback_ends_after_a_while() -> None:
    failed = replace(DEPLOYMENT, status="Failed")
    assert watched((failed, None, 1)).ended is None
    late = 1 + ROLLBACK_GRACE_SECONDS
    assert watched((failed, None, 1), (failed, None, late)).state == ROLLED_BACK
    assert watched((failed, None, 1), (failed, None, late), weight=10).state == FAILED


def test_the_hook_is_released_before_what_it_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = deployed(Lambda({}), monkeypatch)
    check = replace(CHANGE, key="operations.deploy_check", function="check")
    assert in_waves(stack, [CHANGE, check]) == [[CHANGE, check]]
    stack.outputs["deployment_hook"] = "check:live"
    assert in_waves(stack, [CHANGE, check]) == [[check], [CHANGE]]
    assert in_waves(stack, [CHANGE]) == [[CHANGE]]
    assert in_waves(stack, []) == []


def test_nothing_follows_a_hook_that_did_not_stay(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = deployed(Lambda({}), monkeypatch)
    stack.outputs["deployment_hook"] = "check:live"
    check = replace(CHANGE, key="operations.deploy_check", function="check")
    started = []

    class Starting:
        def start(self, change: Change, **_: object) -> str:
            started.append(change.key)
            return "d-1"

    def did_not_stay(*_: object, **__: object) -> None:
        raise Failure("rolled back")

    monkeypatch.setattr(command, "finish", did_not_stay)
    with pytest.raises(Failure, match="rolled back"):
        command._in_waves(stack, cast("Deployments", Starting()), [CHANGE, check], set(), command.Options())
    assert started == ["operations.deploy_check"]
    assert "not started: orders.api" in capsys.readouterr().out


@pytest.mark.parametrize(("forth", "ends"), [(True, "3"), (False, "4+3")])
def test_what_cannot_be_kept_warm_goes_back_unless_it_was_the_way_back(
    monkeypatch: pytest.MonkeyPatch, *, forth: bool, ends: str
) -> None:
    client = Lambda({"api": "4+3"})
    stack, told = deployed(client, monkeypatch), []
    cold = Release(CHANGE, "d-1", state=FAILED, cold="FUNCTION_ERROR_INIT_FAILURE", ended=1.0)
    monkeypatch.setattr(command, "Watch", lambda *_: None)
    monkeypatch.setattr(command, "follow", lambda _: None)
    monkeypatch.setattr(command, "explain", lambda _, one: told.append((one.state, one.cold)))
    with pytest.raises(Failure, match=r"orders\.api"):
        command.finish(stack, cast("Deployments", None), [cold], forth=forth)
    assert client.aliases == {"api": ends}
    assert told == [(ROLLED_BACK if forth else FAILED, "FUNCTION_ERROR_INIT_FAILURE")]


def test_who_released_is_told() -> None:
    assert DEPLOYMENT.by == "ann"
    assert UNDO.by == "CodeDeploy"
    assert replace(DEPLOYMENT, description="").by == "?"


def test_the_alarm_that_codedeploy_names_is_the_reason() -> None:
    one = Release(CHANGE, "d-1", deployment=replace(DEPLOYMENT, error="Activated alarms: <api-canary-errors>"))
    one.fired = {"api-canary-errors": "threshold crossed", "another": "earlier"}
    assert reasons.alarms(one) == {"api-canary-errors": "threshold crossed"}


def test_a_log_line_is_told_in_short() -> None:
    line = {"message": json.dumps({"message": "unhandled", "exception": "Traceback\n  x\nRuntimeError: broken"})}
    assert reasons.text(line) == "unhandled: RuntimeError: broken"
    assert reasons.text({"message": "plain\n"}) == "plain"


def test_without_a_terminal_only_changes_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    lines, one = Lines(), Release(CHANGE, "d-1")
    lines.show([one])
    lines.show([one])
    one.weight, one.state = 10, "shifting"
    lines.show([one])
    shown = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0].strip() for line in shown] == ["orders.api 3 -> 4"] * 2
    assert "shifting, 10 %" in shown[1]


def test_no_table_is_cut_off_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(["one", "other>"], [("x" * 100, "last")])
    assert [line.split() for line in capsys.readouterr().out.splitlines()][1] == ["x" * 100, "last"]
