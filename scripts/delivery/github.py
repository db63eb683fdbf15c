"""Tells people on GitHub, through its command line `gh`: one comment or one issue per subject, updated in place.

`gh` knows the repository from the working tree (or GH_REPO) and who it is from its login (or GH_TOKEN).
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

from scripts.console import fail

ISSUES = "repos/{owner}/{repo}/issues"


def comment(pull_request: int, subject: str, body: str) -> str:
    """Put `body` into the one comment on `subject` of a pull request; return its address.

    Raises:
        Failure: GitHub does not take it.
    """
    path = f"{ISSUES}/{pull_request}/comments"
    found = _first(f"{path}?per_page=100", subject)
    text = {"body": _marker(subject) + body}
    made = _call("PATCH", f"{ISSUES}/comments/{found['id']}", text) if found else _call("POST", path, text)
    return str(made["html_url"])


def open_issue(subject: str, title: str, body: str) -> str:
    """Open the one issue on `subject`, or put `title` and `body` into the one that is open; return its address.

    Raises:
        Failure: GitHub does not take it.
    """
    text = {"title": title, "body": _marker(subject) + body}
    found = _open_issue(subject)
    made = _call("PATCH", f"{ISSUES}/{found['number']}", text) if found else _call("POST", ISSUES, text)
    return str(made["html_url"])


def close_issue(subject: str, words: str) -> str:
    """Close the issue on `subject` with a comment; return its address, or "" when none is open.

    Raises:
        Failure: GitHub does not take it.
    """
    found = _open_issue(subject)
    if not found:
        return ""
    _call("POST", f"{ISSUES}/{found['number']}/comments", {"body": words})
    closed = _call("PATCH", f"{ISSUES}/{found['number']}", {"state": "closed", "state_reason": "completed"})
    return str(closed["html_url"])


def _open_issue(subject: str) -> dict[str, Any] | None:
    return _first(f"{ISSUES}?state=open&per_page=100", subject)


def _marker(subject: str) -> str:
    """The first line of what is ours, which Markdown does not show."""
    return f"<!-- tradepost: {subject} -->\n"


def _first(path: str, subject: str) -> dict[str, Any] | None:
    pages: list[list[dict[str, Any]]] = _gh("--paginate", "--slurp", path)
    mine = (one for page in pages for one in page if str(one.get("body") or "").startswith(_marker(subject)))
    return next(mine, None)


def _call(method: str, path: str, body: dict[str, str]) -> dict[str, Any]:
    answer: dict[str, Any] = _gh("--method", method, path, "--input", "-", text=json.dumps(body))
    return answer


def _gh(*arguments: str, text: str | None = None) -> Any:
    try:
        done = subprocess.run(["gh", "api", *arguments], input=text, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        fail("gh, GitHub's command line, is not installed", "install it, or leave --comment and --issue out")
    if done.returncode != 0:
        fail(f"GitHub refused: {done.stderr.strip() or done.stdout.strip()}", "see `gh auth status`")
    return json.loads(done.stdout)
