"""A run of `make redrive`: what is chosen, in which order things happen, and when it gives up."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.console import Failure
from scripts.deployed import Deployed
from scripts.environment import Environment
from scripts.oncall import audit
from scripts.oncall.redrive import command, executions, topology
from scripts.oncall.redrive.command import MOST_FAILURES_IN_A_ROW, Choice
from scripts.oncall.redrive.envelopes import Failure as Failed
from scripts.oncall.redrive.envelopes import parse
from scripts.oncall.redrive.replays import Plan
from tests.unit.scripts.oncall.support import invocation_record, message, queue


class Sqs:
    """One queue: what is received is hidden until it is given back or deleted."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.visible = [{**one, "ReceiptHandle": one["MessageId"]} for one in messages]
        self.hidden: dict[str, dict[str, Any]] = {}
        self.log: list[str] = []

    def receive_message(self, MaxNumberOfMessages: int, **_: Any) -> dict[str, Any]:  # noqa: N803
        taken, self.visible = self.visible[:MaxNumberOfMessages], self.visible[MaxNumberOfMessages:]
        self.hidden |= {one["ReceiptHandle"]: one for one in taken}
        return {"Messages": taken}

    def change_message_visibility(self, ReceiptHandle: str, **_: Any) -> None:  # noqa: N803
        assert ReceiptHandle in self.hidden

    def change_message_visibility_batch(self, Entries: list[dict[str, Any]], **_: Any) -> None:  # noqa: N803
        self.visible += [self.hidden.pop(entry["ReceiptHandle"]) for entry in Entries]

    def delete_message(self, ReceiptHandle: str, **_: Any) -> None:  # noqa: N803
        del self.hidden[ReceiptHandle]
        self.log.append(f"deleted {ReceiptHandle}")

    @property
    def left(self) -> list[str]:
        assert not self.hidden, "nothing stays hidden after a run"
        return sorted(one["MessageId"] for one in self.visible)


class Logs:
    """The audit log."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def create_log_stream(self, **_: str) -> None: ...

    def put_log_events(self, logEvents: list[dict[str, Any]], **_: str) -> None:  # noqa: N803
        self.lines += [json.loads(event["message"]) for event in logEvents]


type Run = Callable[..., tuple[Sqs, Logs]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Redrive messages whose replay fails when their cause has "broken" in it."""

    def redrive(*texts: str, on_replay: Callable[[str], None] = lambda _id: None, **options: Any) -> tuple[Sqs, Logs]:
        sqs = Sqs(*(message(invocation_record(text), id=f"m{number}") for number, text in enumerate(texts)))
        logs = Logs()

        class Replays:
            def __init__(self, *_: object, **__: object) -> None: ...

            def plan(self, failure: Failed) -> Plan:
                def go() -> None:
                    if "broken" in failure.cause:
                        raise Failure("still broken")
                    sqs.log.append(f"replayed {failure.id}")
                    on_replay(failure.id)

                return Plan("invoke", go)

        stack = Deployed(Environment.named("local"), {"event_bus_name": "tradepost-local", "audit_log_group": "audit"})
        monkeypatch.setattr(Deployed, "read", lambda _environment: stack)
        monkeypatch.setattr(Environment, "client", lambda _self, name: {"sqs": sqs, "logs": logs}.get(name))
        monkeypatch.setattr(topology, "read", lambda _stack: [queue(waiting=len(texts))])
        monkeypatch.setattr(command, "PURGED", tmp_path / "purged.jsonl")
        monkeypatch.setattr(executions, "read", lambda _stack: [])
        monkeypatch.setattr(command, "Replays", Replays)
        monkeypatch.setattr(command, "with_causes", lambda _client, found: list(found))
        try:
            command.redrive(stack.environment, rate=1e6, **options)
        except Failure as failure:
            logs.lines.append({"failure": failure.message})
        return sqs, logs

    return redrive


def test_a_message_is_deleted_only_after_its_replay(run: Run) -> None:
    sqs, logs = run("a", "b", replay=True)
    assert sqs.log == ["replayed m0", "deleted m0", "replayed m1", "deleted m1"]
    assert sqs.left == []
    assert [line["outcome"] for line in logs.lines] == [audit.BEGIN, audit.DONE]
    assert logs.lines[1]["result"]["replayed"] == 2
    assert logs.lines[0]["by"]


def test_what_fails_again_stays_while_the_others_go(run: Run) -> None:
    sqs, logs = run("a", "broken", "b", replay=True)
    assert sqs.left == ["m1"]
    assert logs.lines[-1] == {"failure": "1 messages stay in their queue"}


def test_a_cause_that_is_not_mended_ends_the_run(run: Run) -> None:
    sqs, _ = run(*["broken"] * 20, "fine", replay=True)
    assert len(sqs.left) == 21
    assert MOST_FAILURES_IN_A_ROW < 20


def test_a_dry_run_changes_nothing_and_is_not_in_the_audit_log(run: Run) -> None:
    sqs, logs = run("a", "b", replay=True, dry_run=True)
    assert (sqs.log, sqs.left, logs.lines) == ([], ["m0", "m1"], [])


@pytest.mark.parametrize("options", [{"cause": "GOOD"}, {"find": "good"}, {"message": "m1"}])
def test_only_what_is_chosen_is_replayed(run: Run, options: dict[str, str]) -> None:
    sqs, _ = run("bad", "good", replay=True, **options)
    assert sqs.left == ["m0"]


def test_an_interrupted_run_ends_after_the_message_and_loses_nothing(run: Run) -> None:
    sqs, logs = run("a", "b", "c", replay=True, on_replay=lambda _id: signal.raise_signal(signal.SIGINT))
    assert sqs.log == ["replayed m0", "deleted m0"]
    assert sqs.left == ["m1", "m2"]
    assert logs.lines[1]["outcome"] == audit.INTERRUPTED
    assert logs.lines[-1] == {"failure": "interrupted after 1"}


def test_a_purge_needs_a_yes(run: Run) -> None:
    sqs, logs = run("a", purge=True, queue="failures")
    assert sqs.left == ["m0"]
    assert "nobody is here to confirm" in logs.lines[-1]["failure"]
    sqs, logs = run("a", "b", purge=True, cause=": b", yes=True)
    assert sqs.left == ["m0"]
    assert logs.lines[-1]["result"]["purged"] == 1
    [kept] = command.PURGED.read_text().splitlines()
    assert json.loads(kept)["MessageId"] == "m1"


@pytest.mark.parametrize(
    "options",
    [
        {"replay": True, "purge": True},
        {"purge": True, "yes": True},
        {"dry_run": True},
        {"replay": True, "limit": 0},
        {"older": "1 week"},
        {"kind": "streams"},
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, options: dict[str, Any]) -> None:
    sqs, logs = run("a", **options)
    assert "failure" in logs.lines[-1]
    assert sqs.left == ["m0"]


def test_nothing_is_done_that_cannot_be_written_down(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Logs, "put_log_events", _refuse)
    sqs, logs = run("a", replay=True)
    assert sqs.log == []
    assert "audit log" in logs.lines[-1]["failure"]


def _refuse(*_: object, **__: object) -> None:
    from botocore.exceptions import ClientError

    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutLogEvents")


def test_a_queue_is_chosen_by_its_function_too() -> None:
    chosen = Choice(queue="orders.deploy_check")
    assert chosen.has_queue(queue("tradepost-dev-orders-deploy-check-failures"))
    assert not chosen.has_queue(queue("tradepost-dev-orders-api-failures"))


def test_age_is_a_choice() -> None:
    failed = parse(queue(), message(invocation_record()))
    assert Choice(older_seconds=3600).has(failed)
    assert not Choice(older_seconds=10**9).has(failed)
