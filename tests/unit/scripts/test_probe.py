"""Synthetic traffic of a release: how much, to whom, and what is made of the answers."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.deployed import Deployed
from scripts.environment import Environment
from scripts.rollout import probe
from scripts.rollout.alarms import Judgment
from scripts.rollout.change import Change
from scripts.rollout.probe import Prober, Probes, Tally, own_traffic
from scripts.rollout.view import Lines, table
from scripts.rollout.watch import Release
from tests.waiting import eventually

CHANGE = Change("orders.api", "api", "live", "orders.api", ("api-canary-errors",), "3", "4")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Invoke")
THROTTLED = ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "slow down"}}, "Invoke")


class Lambda:
    """Answers with these versions in turn; an exception is raised, a version with "!" fails."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)
        self.calls: list[dict[str, Any]] = []

    def invoke(self, **given: Any) -> dict[str, Any]:
        self.calls.append(given)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        error = {"FunctionError": "Unhandled"} if answer.endswith("!") else {}
        body = b'{"errorType": "RuntimeError", "errorMessage": "broken"}' if error else b"{}"
        return {"ExecutedVersion": answer.rstrip("!"), "Payload": io.BytesIO(body), **error}


def prober(*answers: str | Exception, weight: int = 10) -> Prober:
    release = Release(CHANGE, "d-1", weight=weight)
    return Prober(release, Tally(), Judgment("4", 60, 5), Lambda(*answers), b"{}")


def test_probes_come_at_twice_the_rate_that_does_on_average() -> None:
    # 10 of the new version a minute are 100 at 10 %; they are sent at the double of it.
    assert prober("3").pause(0) == pytest.approx(60 / 200)
    assert prober("3", weight=50).pause(0) == pytest.approx(60 / 40)


def test_the_rate_is_bounded() -> None:
    slow = prober("3", weight=1)
    slow.judgment = Judgment("4", 10, 5)
    assert slow.pause(0) == pytest.approx(1 / probe.MOST_PER_SECOND)


def test_a_period_with_twice_what_the_alarm_needs_gets_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    one = prober("4")
    for _ in range(10):
        assert one.pause(100.0) < 1
        one.send()
    assert one.pause(101.0) == pytest.approx(59)
    assert one.pause(160.0) < 1


def test_answers_are_counted_by_version_and_failures_told() -> None:
    one = prober("3", "4", "4!", THROTTLED, "3")
    for _ in range(5):
        one.send()
    assert (one.tally.sent, one.tally.by_new_version, one.tally.failed) == (5, 2, 2)
    assert "slow down" in one.tally.flaw
    assert one.may_go_on
    assert str(one.tally) == "5 probes, 2 of the new version, 2 failed"


def test_what_a_version_answers_is_told_in_short() -> None:
    one = prober("4!")
    one.send()
    assert one.tally.flaw == "version 4: RuntimeError: broken"
    assert probe._error(b"no JSON") == "no JSON"
    assert probe._error(b"[]") == "[]"


def test_whoever_may_not_invoke_stops_at_once() -> None:
    one = prober(DENIED)
    one.send()
    assert not one.may_go_on
    assert "AccessDenied" in one.tally.flaw


def test_the_number_is_bounded() -> None:
    one = prober("3")
    one.tally.sent = probe.MOST_SENT
    assert not one.may_go_on
    assert str(probe.MOST_SENT) in one.tally.flaw


class CloudWatch:
    """Alarms that ask for 5 invocations in 10 s, and so much traffic of the function's own."""

    def __init__(self, traffic: float) -> None:
        self.traffic = traffic

    def describe_alarms(self, AlarmNames: list[str], **_: object) -> dict[str, Any]:  # noqa: N803
        queries = [
            {"Expression": "IF(invocations >= 5, 1, 0)"},
            {"MetricStat": {"Metric": {"Dimensions": []}, "Period": 10}},
        ]
        return {"MetricAlarms": [{"AlarmName": name, "Metrics": queries} for name in AlarmNames]}

    def get_metric_statistics(self, **given: Any) -> dict[str, Any]:
        assert {one["Name"] for one in given["Dimensions"]} == {"FunctionName", "Resource"}
        assert given["StartTime"] < datetime.now(UTC)
        return {"Datapoints": [{"Sum": self.traffic * probe.LOOK_BACK}]}


def probes(traffic: float, monkeypatch: pytest.MonkeyPatch) -> tuple[Probes, Release, Lambda]:
    client, cloudwatch, release = Lambda("3", "4"), CloudWatch(traffic), Release(CHANGE, "d-1")
    monkeypatch.setattr(Environment, "client", lambda _self, service: cloudwatch if service == "cloudwatch" else client)
    return Probes(Deployed(Environment.named("local"), {}), [release]), release, client


def test_own_traffic_is_the_average_of_late() -> None:
    assert own_traffic(CloudWatch(40), Release(CHANGE, "d-1"), 10) == 40


def test_a_quiet_function_is_probed_through_its_alias_while_its_traffic_is_split(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running, release, client = probes(2, monkeypatch)
    with running:
        assert client.calls == []
        release.weight = 10
        eventually(lambda: len(client.calls) > 1)
        release.weight = 100
        eventually(lambda: not any(thread.is_alive() for thread in running._threads))
    call = client.calls[0]
    assert (call["FunctionName"], call["Qualifier"]) == ("api", "live")
    assert json.loads(call["Payload"]) == {"tradepost": "health"}
    assert release.probes
    assert release.probes.sent == len(client.calls)


def test_a_busy_function_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    running, release, client = probes(100, monkeypatch)
    release.weight = 10
    with running:
        eventually(lambda: release.probes and release.probes.needless)
    assert client.calls == []
    assert str(release.probes).startswith("no probes")


def test_probes_end_with_the_rollout_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    running, release, _ = probes(0, monkeypatch)
    release.weight = 10

    def left() -> None:
        with running:
            eventually(lambda: release.probes and release.probes.sent)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        left()
    assert not any(thread.is_alive() for thread in running._threads)


def test_probes_are_shown_as_they_go(capsys: pytest.CaptureFixture[str]) -> None:
    release = Release(CHANGE, "d-1", state="shifting", weight=10)
    assert [column.header for column in table([release]).columns][-1] == "alarms"
    release.probes = Tally(7, 1, 0)
    Lines().show([release])
    assert "7 probes, 1 of the new version, 0 failed" in capsys.readouterr().out
    assert [column.header for column in table([release]).columns][-1] == "probes"
