"""Plans and drift: told where they are asked for, and never one for the other."""

from pathlib import Path
from typing import Any

import pytest

from scripts.console import Failure
from scripts.delivery import github, plan, revision
from scripts.delivery.revision import Revision
from scripts.environment import Environment
from scripts.terraform_events import Progress

DEV = Environment.named("dev")
HERE = Revision("a" * 40, dirty=False)


class Told:
    """What GitHub was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    made = Told()
    for name in ("comment", "open_issue", "close_issue"):

        def note(*given: Any, name: str = name) -> str:
            made.calls.append((name, *given))
            return "address"

        monkeypatch.setattr(github, name, note)
    return made


def environment(monkeypatch: pytest.MonkeyPatch, *changes: str, deployed: Revision | None = HERE) -> None:
    """Make the environment differ in `changes`, addresses of resources."""

    class Terraform:
        def show_plan(self) -> dict[str, Any]:
            change = {"actions": ["update"], "before": {"memory_size": 1}, "after": {"memory_size": 2}}
            return {"resource_changes": [{"address": one, "type": "a", "change": change} for one in changes]}

    def make_plan(_: Environment, *, lock: bool, **_options: bool) -> tuple[Terraform, Progress]:
        assert not lock, "a role that may only read cannot take the lock"
        return Terraform(), Progress(planned=dict.fromkeys(changes, "update"))

    monkeypatch.setattr(plan, "make_plan", make_plan)
    monkeypatch.setattr(revision, "deployed", lambda _environment: deployed)
    monkeypatch.setattr(revision, "here", lambda: HERE)


def test_a_plan_is_written_and_told(monkeypatch: pytest.MonkeyPatch, told: Told, tmp_path: Path) -> None:
    environment(monkeypatch, "aws_a.one")
    assert plan.plan(DEV, markdown=str(tmp_path / "plan.md"), comment=12)
    text = (tmp_path / "plan.md").read_text()
    assert text.startswith("## Plan for dev: 1 to change")
    assert told.calls == [("comment", 12, "plan for dev", text)]


def test_a_plan_tells_nobody_by_itself(monkeypatch: pytest.MonkeyPatch, told: Told) -> None:
    environment(monkeypatch)
    assert not plan.plan(DEV)
    assert told.calls == []


def test_drift_fails_and_is_told(monkeypatch: pytest.MonkeyPatch, told: Told, tmp_path: Path) -> None:
    environment(monkeypatch, "aws_a.one", "aws_a.two")
    with pytest.raises(Failure, match="dev is not as its commit says: 2 to change"):
        plan.drift(DEV, markdown=str(tmp_path / "drift.md"), issue=True)
    [(name, subject, title, body)] = told.calls
    assert (name, subject, title) == ("open_issue", "drift in dev", "Drift in dev: 2 to change")
    assert body == (tmp_path / "drift.md").read_text()
    assert "make up ENV=dev" in body


def test_no_drift_closes_the_issue(monkeypatch: pytest.MonkeyPatch, told: Told, tmp_path: Path) -> None:
    environment(monkeypatch)
    plan.drift(DEV, markdown=str(tmp_path / "drift.md"), issue=True)
    assert [call[:2] for call in told.calls] == [("close_issue", "drift in dev")]
    assert "none" in (tmp_path / "drift.md").read_text()


def test_commits_are_not_told_for_drift(monkeypatch: pytest.MonkeyPatch, told: Told) -> None:
    environment(monkeypatch, "aws_a.one", deployed=Revision("b" * 40, dirty=False))
    with pytest.raises(Failure, match="they differ by commits") as failure:
        plan.drift(DEV, issue=True)
    assert failure.value.hint == f"git checkout {'b' * 40}, and again"
    assert told.calls == []


@pytest.mark.parametrize("deployed", [None, Revision("", dirty=True), Revision("a" * 40, dirty=True, by="somebody")])
def test_what_the_comparison_cannot_know_is_said(
    deployed: Revision | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment(monkeypatch, deployed=deployed)
    plan.drift(DEV)
    said = capsys.readouterr().out
    assert "no record of its commit" in said or "deployed by somebody" in said


def test_the_deployed_commit_is_printed_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment(monkeypatch)
    plan.show_revision(DEV)
    assert capsys.readouterr().out == f"{HERE.commit}\n"
    environment(monkeypatch, deployed=None)
    with pytest.raises(Failure, match="no commit on record"):
        plan.show_revision(DEV)
