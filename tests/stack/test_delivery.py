"""What delivery relies on, against the deployed stack: which commit it is, that it serves what was built, and drift."""

import subprocess
from pathlib import Path
from typing import Any

from tests.stack.conftest import ROOT, Stack


def test_the_deployed_commit_is_on_record(stack: Stack) -> None:
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert stack.command("revision").stdout == head.stdout


def test_it_serves_what_was_built(stack: Stack) -> None:
    assert "serves these ZIPs, in every function" in stack.command("verify", "--serving").stdout


def test_a_change_behind_terraforms_back_is_drift(stack: Stack, aws: Any, tmp_path: Path) -> None:
    report = tmp_path / "drift.md"
    group = f"/aws/lambda/{stack.outputs['functions']['orders.replay']['name']}"
    aws("logs").put_retention_policy(logGroupName=group, retentionInDays=3)
    try:
        done = stack.command("drift", "--markdown", str(report), status=1)
    finally:
        aws("logs").put_retention_policy(logGroupName=group, retentionInDays=1)
    assert "local is not as its commit says: 1 to change" in done.stdout
    text = report.read_text()
    assert text.startswith("## Drift in local: 1 to change")
    assert "`retention_in_days` 3 → 1" in text
