"""What INIT sets and what it leaves: the garbage collector, and who may log at DEBUG."""

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


DEBUGGED = """
import logging
logging.getLogger().setLevel(logging.DEBUG)  # as Lambda's runtime does at log level DEBUG
from shared import observability
observability.handler()(print)
print(logging.getLogger("botocore.endpoint").isEnabledFor(logging.DEBUG), observability.logger.log_level)
"""


def run(program: str, **environment: str) -> list[str]:
    settings = {"PATH": "", "POWERTOOLS_SERVICE_NAME": "x", "POWERTOOLS_METRICS_NAMESPACE": "x", **environment}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, env=settings, text=True, capture_output=True, check=True).stdout.split()


def collector(prepare: str, **environment: str) -> list[str]:
    return run(PROGRAM.format(prepare=prepare), **environment)


def test_it_is_off_during_init_and_never_looks_at_what_init_made() -> None:
    assert collector("prepare=list", AWS_LAMBDA_FUNCTION_NAME="f") == ["False", "True", "True"]


def test_a_function_that_prepares_nothing_gets_it_back_too() -> None:
    assert collector("", AWS_LAMBDA_FUNCTION_NAME="f") == ["False", "True", "True"]


def test_outside_lambda_nothing_changes() -> None:
    assert collector("prepare=list") == ["True", "True", "False"]


def test_at_debug_our_code_logs_and_botocore_does_not_show_its_requests() -> None:
    assert run(DEBUGGED, AWS_LAMBDA_FUNCTION_NAME="f", POWERTOOLS_LOG_LEVEL="DEBUG") == ["False", "10"]
