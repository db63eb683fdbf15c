"""Which commit runs where, and that nobody goes back to an older one by accident."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts.console import Failure
from scripts.delivery import revision
from scripts.environment import Environment

DEV = Environment.named("dev")


class Ssm:
    """Parameter Store, as far as the record needs it."""

    class exceptions:  # noqa: N801 - boto3's name
        class ParameterNotFound(Exception):  # noqa: N818
            pass

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.puts = 0

    def get_parameter(self, Name: str) -> dict[str, Any]:  # noqa: N803
        if Name not in self.values:
            raise self.exceptions.ParameterNotFound
        return {"Parameter": {"Value": self.values[Name]}}

    def put_parameter(self, Name: str, Value: str, **_: object) -> None:  # noqa: N803
        self.values[Name] = Value
        self.puts += 1

    def delete_parameter(self, Name: str) -> None:  # noqa: N803
        if self.values.pop(Name, None) is None:
            raise self.exceptions.ParameterNotFound

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": "arn:aws:sts::123456789012:assumed-role/tradepost-deploy/run-7"}


@pytest.fixture
def ssm(monkeypatch: pytest.MonkeyPatch) -> Ssm:
    client = Ssm()
    monkeypatch.setattr(Environment, "client", lambda _self, _service: client)
    return client


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(revision, "ROOT", tmp_path)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path, "one")
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, text: str) -> str:
    (folder / "file").write_text(text)
    git(folder, "add", "file")
    git(folder, "commit", "--quiet", "--message", text)
    return git(folder, "rev-parse", "HEAD")


@pytest.mark.usefixtures("ssm")
def test_nothing_is_known_of_an_environment_that_was_never_deployed() -> None:
    assert revision.deployed(DEV) is None
    revision.forget(DEV)
    revision.refuse_older(DEV)


def test_a_deployment_is_recorded_once_per_commit(ssm: Ssm, repository: Path) -> None:
    revision.record(DEV)
    first = revision.deployed(DEV)
    assert first
    assert (first.commit, first.dirty, first.by) == (
        git(repository, "rev-parse", "HEAD"),
        False,
        "tradepost-deploy/run-7",
    )
    assert list(ssm.values) == ["/tradepost/dev/deployment"]

    revision.record(DEV)
    assert ssm.puts == 1
    newer = commit(repository, "two")
    revision.record(DEV)
    assert revision.deployed(DEV).commit == newer  # type: ignore[union-attr] # fails when there is none
    revision.forget(DEV)
    assert revision.deployed(DEV) is None


def test_uncommitted_files_are_recorded_too(ssm: Ssm, repository: Path) -> None:
    (repository / "file").write_text("changed")
    revision.record(DEV)
    revision.record(DEV)
    last = revision.deployed(DEV)
    assert last
    assert last.dirty
    assert ssm.puts == 2, "two dirty trees of one commit need not be the same"
    assert str(last).endswith(", with changes")


@pytest.mark.usefixtures("ssm")
def test_an_older_commit_does_not_undo_a_newer_one(repository: Path) -> None:
    old = git(repository, "rev-parse", "HEAD")
    new = commit(repository, "two")
    revision.record(DEV)
    revision.refuse_older(DEV)

    git(repository, "checkout", "--quiet", old)
    with pytest.raises(Failure, match=f"dev runs {new[:12]}, which is newer than {old[:12]}") as failure:
        revision.refuse_older(DEV)
    assert "ARGS=--older" in failure.value.hint


@pytest.mark.usefixtures("ssm")
def test_the_next_commit_is_deployed_without_a_word(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    revision.record(DEV)
    commit(repository, "two")
    revision.refuse_older(DEV)
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("ssm")
def test_another_branch_is_deployed_with_a_warning(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(repository, "checkout", "--quiet", "-b", "branch")
    commit(repository, "branch")
    revision.record(DEV)
    git(repository, "checkout", "--quiet", "main")
    commit(repository, "main")
    revision.refuse_older(DEV)
    assert "no ancestor" in capsys.readouterr().out
