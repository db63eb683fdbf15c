"""The checks of workflows find what is wrong, with nothing but what the lock installs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.checks import checks, without_overloads

WORKFLOW = """
name: Wrong
on: pull_request
permissions: {}
concurrency:
  group: wrong-${{ github.ref }}
  cancel-in-progress: true
defaults: {run: {shell: bash}}
jobs:
  wrong:
    name: Wrong
    runs-on: ubuntu-24.04
    timeout-minutes: 1
    steps:
      - name: Wrong
        run: STEP
"""


@pytest.mark.parametrize(
    ("step", "rule"),
    [
        ("make help", ""),
        ("make ${{ steps.never.outputs.target }}", "undefined-property"),
        pytest.param(
            "cd $TARGET && make help",
            "shellcheck",
            marks=pytest.mark.skipif(
                sys.platform == "linux" and os.uname().machine == "aarch64", reason="no wheel of shellcheck"
            ),
        ),
    ],
    ids=["right", "expression", "script"],
)
def test_workflows_are_read_to_the_script(step: str, rule: str, tmp_path: Path) -> None:
    file = tmp_path / ".github" / "workflows" / "wrong.yml"
    file.parent.mkdir(parents=True)
    file.write_text(WORKFLOW.replace("STEP", step))
    check = next(one for one in checks() if "jactionlint" in one.title)
    environment = os.environ | check.environment
    done = subprocess.run([*check.command, file], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == (1 if rule else 0), done.stdout + done.stderr
    assert rule in done.stdout


def test_only_the_errors_of_a_check_are_shown() -> None:
    output = "a.py:1: error: No overload\na.py:1: note:     def client(x)\na.py:2: error: Other\n"
    assert without_overloads(output) == "a.py:1: error: No overload\na.py:2: error: Other\n"
