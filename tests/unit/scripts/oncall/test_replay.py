"""Rebuilding read models, and sending archived events again."""

from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.console import Failure
from scripts.deployed import Deployed
from scripts.environment import Environment
from scripts.oncall import replay
from scripts.oncall.replay import rebuild
from tests.unit.scripts.oncall.test_redrive import Logs
from tests.unit.scripts.test_deploy import Lambda, deployed

RULE = {"Name": "tradepost-dev-placed", "Arn": "arn:rule"}


def test_replay_goes_on_until_there_is_no_next_page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages: list[dict[str, Any]] = [
        {"orders": 5, "removed": 0, "failed": 0, "next": "p2"},
        {"orders": 2, "removed": 1, "failed": 0, "next": None},
    ]
    client = Lambda({}, pages)
    rebuild(deployed(client, monkeypatch), "orders.replay")
    assert [event["next"] for event in client.events] == [None, "p2"]
    assert "7 orders, 1 removed" in capsys.readouterr().out


def test_orders_that_could_not_be_rebuilt_end_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Lambda({}, [{"orders": 5, "removed": 0, "failed": 2, "next": None}])
    with pytest.raises(Failure, match="2"):
        rebuild(deployed(client, monkeypatch), "orders.replay")


def test_a_failed_replay_ends_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Lambda({}, [{"errorMessage": "no table"}])
    with pytest.raises(Failure, match="no table"):
        rebuild(deployed(client, monkeypatch), "orders.replay")


class Events:
    """EventBridge with one rule; a replay runs for as many looks as it has states."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.started: dict[str, Any] = {}
        self.canceled = ""

    def get_paginator(self, name: str) -> Any:
        pages = {
            "list_rules": {"Rules": [RULE]},
            "list_targets_by_rule": {"Targets": [{"Id": "1", "Arn": "arn:aws:sqs:r:1:work"}]},
        }
        page = pages.get(name, {"Metrics": []})
        return type("Pages", (), {"paginate": lambda _self, **_given: [page]})()

    def describe_archive(self, ArchiveName: str) -> dict[str, str]:  # noqa: N803
        return {"ArchiveArn": f"arn:archive/{ArchiveName}", "EventSourceArn": "arn:bus"}

    def start_replay(self, **given: Any) -> dict[str, str]:
        self.started = given
        return {"ReplayArn": f"arn:replay/{given['ReplayName']}"}

    def describe_replay(self, ReplayName: str) -> dict[str, Any]:  # noqa: N803
        assert ReplayName == self.started["ReplayName"]
        state = self.states.pop(0)
        if state == "interrupt":
            raise KeyboardInterrupt
        return {"State": state, "EventLastReplayedTime": datetime(2026, 1, 1, 1, tzinfo=UTC)}

    def cancel_replay(self, ReplayName: str) -> None:  # noqa: N803
        self.canceled = ReplayName


def send(monkeypatch: pytest.MonkeyPatch, events: Events, logs: Logs, **options: Any) -> None:
    stack = Deployed(
        Environment.named("dev"), {"event_bus_name": "tradepost-dev", "audit_log_group": "audit", "functions": {}}
    )
    monkeypatch.setattr(Deployed, "read", lambda _environment: stack)
    monkeypatch.setattr(Environment, "client", lambda _self, name: logs if name == "logs" else events)
    monkeypatch.setattr("scripts.oncall.audit.who", lambda _stack: "someone")
    monkeypatch.setattr(replay, "POLL_SECONDS", 0)
    times = {"begin": "2026-01-01T00:00:00Z", "end": "2026-01-01T02:00:00Z"}
    replay.replay(stack.environment, **{"rule": "placed", **times, **options})


def test_archived_events_of_a_time_go_to_one_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    events, logs = Events("STARTING", "RUNNING", "COMPLETED"), Logs()
    send(monkeypatch, events, logs)
    assert events.started["Destination"] == {"Arn": "arn:bus", "FilterArns": ["arn:rule"]}
    assert events.started["EventStartTime"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert events.started["EventEndTime"] == datetime(2026, 1, 1, 2, tzinfo=UTC)
    assert [line["outcome"] for line in logs.lines] == ["begin", "done"]


def test_a_replay_that_fails_ends_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Failure, match="FAILED"):
        send(monkeypatch, Events("FAILED"), Logs())


def test_an_interrupted_replay_is_canceled(monkeypatch: pytest.MonkeyPatch) -> None:
    events, logs = Events("RUNNING", "interrupt"), Logs()
    with pytest.raises(KeyboardInterrupt):
        send(monkeypatch, events, logs)
    assert events.canceled == events.started["ReplayName"]
    assert logs.lines[-1]["outcome"] == "interrupted"


def test_a_dry_run_starts_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    events, logs = Events(), Logs()
    send(monkeypatch, events, logs, dry_run=True)
    assert (events.started, logs.lines) == ({}, [])
    assert "to work; 0 events were published" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rule": "none"}, "no rule"),
        ({"begin": ""}, "--from is missing"),
        ({"begin": "2026-01-01T03:00:00Z"}, "is not before"),
        ({"begin": "yesterday"}, "no period"),
        ({"rule": ""}, "--from and --to"),
    ],
)
def test_what_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, options: dict[str, str], said: str) -> None:
    with pytest.raises(Failure, match=said):
        send(monkeypatch, Events(), Logs(), **options)
