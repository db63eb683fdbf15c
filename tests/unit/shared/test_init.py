"""The garbage collector is off while a function starts and works again afterwards, whatever INIT does."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import gc, sys
import shared
print(gc.isenabled())
from shared import observability
observability.handler({prepare})(print)
print(gc.isenabled(), gc.get_freeze_count() > 1000)
"""


def collector(prepare: str, **environment: str) -> list[str]:
    settings = {"PATH": "", "POWERTOOLS_SERVICE_NAME": "x", "POWERTOOLS_METRICS_NAMESPACE": "x", **environment}
    command = [sys.executable, "-c", PROGRAM.format(prepare=prepare)]
    return subprocess.run(command, cwd=ROOT, env=settings, text=True, capture_output=True, check=True).stdout.split()


def test_it_is_off_during_init_and_never_looks_at_what_init_made() -> None:
    assert collector("prepare=list", AWS_LAMBDA_FUNCTION_NAME="f") == ["False", "True", "True"]


def test_a_function_that_prepares_nothing_gets_it_back_too() -> None:
    assert collector("", AWS_LAMBDA_FUNCTION_NAME="f") == ["False", "True", "True"]


def test_outside_lambda_nothing_changes() -> None:
    assert collector("prepare=list") == ["True", "True", "False"]
