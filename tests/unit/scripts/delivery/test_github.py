"""One comment, one issue per subject, through a stand-in for `gh` that keeps what it is told in a file."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.console import Failure
from scripts.delivery import github

GH = """
import json, pathlib, sys

arguments, store = sys.argv[1:], pathlib.Path({store!r})
state = json.loads(store.read_text())
assert arguments.pop(0) == "api"
path = next(one for one in arguments if one.startswith("repos/"))
assert path.startswith("repos/{{owner}}/{{repo}}/issues"), path
parts = path.partition("?")[0].split("/")[4:]
if "--method" not in arguments:
    assert arguments[:2] == ["--paginate", "--slurp"]
    found = state["comments"].get(parts[0], []) if parts else [one for one in state["issues"] if one["state"] == "open"]
    print(json.dumps([found[:1], found[1:]]))  # pages
    sys.exit()
method, body = arguments[arguments.index("--method") + 1], json.loads(sys.stdin.read())
if method == "POST" and not parts:
    number = len(state["issues"]) + 1
    made = {{"number": number, "state": "open", "html_url": f"issue-{{number}}", **body}}
    state["issues"].append(made)
elif method == "POST":
    thread = state["comments"].setdefault(parts[0], [])
    made = {{"id": 100 * int(parts[0]) + len(thread), "html_url": f"comment-{{len(thread)}}", **body}}
    thread.append(made)
elif parts[0] == "comments":
    made = next(one for thread in state["comments"].values() for one in thread if one["id"] == int(parts[1]))
    made.update(body)
else:
    made = next(one for one in state["issues"] if one["number"] == int(parts[0]))
    made.update(body)
store.write_text(json.dumps(state))
print(json.dumps(made))
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in's memory: {"comments": by issue number, "issues": [...]}."""
    file = tmp_path / "store.json"
    file.write_text(json.dumps({"comments": {}, "issues": []}))
    program = tmp_path / "gh"
    program.write_text(f"#!{sys.executable}" + GH.format(store=str(file)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return file


def read(store: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(store.read_text())
    return state


def test_a_comment_is_updated_in_place_among_those_of_others(store: Path) -> None:
    store.write_text(json.dumps({"comments": {"7": [{"id": 1, "body": "Looks good"}]}, "issues": []}))
    first = github.comment(7, "plan for dev", "two to create")
    github.comment(7, "plan for staging", "another subject")
    second = github.comment(7, "plan for dev", "one to destroy")
    bodies = [one["body"] for one in read(store)["comments"]["7"]]
    assert first == second
    assert bodies[0] == "Looks good"
    assert bodies[1].endswith("one to destroy")
    assert bodies[2].endswith("another subject")
    assert len(bodies) == 3


def test_an_issue_is_opened_once_brought_up_to_date_and_closed(store: Path) -> None:
    assert github.close_issue("drift in prod", "gone") == ""
    github.open_issue("drift in prod", "1 to change", "first")
    github.open_issue("drift in dev", "another", "another")
    github.open_issue("drift in prod", "2 to change", "second")
    prod, dev = read(store)["issues"]
    assert (prod["title"], prod["body"].splitlines()[-1], dev["title"]) == ("2 to change", "second", "another")

    assert github.close_issue("drift in prod", "gone") == "issue-1"
    assert [one["state"] for one in read(store)["issues"]] == ["closed", "open"]
    assert [one["body"] for one in read(store)["comments"]["1"]] == ["gone"]
    github.open_issue("drift in prod", "back", "again")
    assert [one["state"] for one in read(store)["issues"]] == ["closed", "open", "open"]


def test_what_github_refuses_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gh").write_text("#!/bin/sh\necho 'HTTP 403: Resource not accessible' >&2\nexit 1\n")
    (tmp_path / "gh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(Failure, match="403"):
        github.comment(7, "plan for dev", "text")


def test_without_gh_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Failure, match="not installed"):
        github.comment(7, "plan for dev", "text")
