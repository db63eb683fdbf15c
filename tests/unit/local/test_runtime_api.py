"""The Runtime API with the two runtimes that speak to it: ours and AWS's own."""

import importlib.util
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scripts.local.functions.environments import RUNTIME_DIR
from scripts.local.functions.runtime_api import PAYLOAD_LIMIT_BYTES, Invocation, RuntimeApi

HANDLER = """
def handler(event, context):
    if event == "raise":
        raise ValueError("told to")
    if event == "large":
        return "x" * 7_000_000
    return [event, context.aws_request_id, context.invoked_function_arn]
"""
OURS = [sys.executable, "-I", "-S", str(RUNTIME_DIR / "bootstrap.py")]
AWSS = [sys.executable, "-m", "awslambdaric", "app.handler"]
RUNTIMES = [
    pytest.param(OURS, id="ours"),
    pytest.param(
        AWSS,
        id="awslambdaric",
        marks=pytest.mark.skipif(not importlib.util.find_spec("awslambdaric"), reason="has no wheel for this system"),
    ),
]


@contextmanager
def started(command: list[str], folder: Path) -> Iterator[RuntimeApi]:
    """A runtime that has asked for its first invocation."""
    (folder / "app.py").write_text(HANDLER)
    ready = threading.Event()
    api = RuntimeApi(lambda _: ready.set())
    environment = {
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "LAMBDA_TASK_ROOT": str(folder),
        "TRADEPOST_OPT_DIR": str(folder),
        "LAMBDA_RUNTIME_DIR": str(RUNTIME_DIR),
        "_HANDLER": "app.handler",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_REGION": "eu-west-1",
        "AWS_LAMBDA_LOG_GROUP_NAME": "g",
        "AWS_LAMBDA_LOG_STREAM_NAME": "s",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(folder),
    }
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        assert ready.wait(20)
        yield api
    finally:
        api.close()
        process.kill()
        process.wait()


def invoke(api: RuntimeApi, payload: bytes) -> Invocation:
    invocation = Invocation("request-1", payload, "arn:f:live", int(time.time() * 1000) + 20_000, "Root=1-a")
    api.offer(invocation)
    assert invocation.done.wait(20)
    return invocation


@pytest.mark.parametrize("command", RUNTIMES)
def test_next_response_and_error(command: list[str], tmp_path: Path) -> None:
    with started(command, tmp_path) as api:
        served = invoke(api, b'{"a": 1}')
        assert (served.response, served.failed) == (b'[{"a": 1}, "request-1", "arn:f:live"]', False)
        failed = invoke(api, b'"raise"')
        assert failed.failed
        assert b'"errorType": "ValueError"' in (failed.response or b"")
        assert invoke(api, b"1").failed is False, "the environment serves on"


@pytest.mark.parametrize("command", RUNTIMES)
def test_a_response_that_is_too_large_is_refused(command: list[str], tmp_path: Path) -> None:
    with started(command, tmp_path) as api:
        failed = invoke(api, b'"large"')
    assert failed.failed
    assert str(PAYLOAD_LIMIT_BYTES).encode() in (failed.response or b"")
