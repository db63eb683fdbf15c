"""The local cloud's speed: start to healthy, and gateway to a warm, silent function, beside a bare ASGI app."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.bench import load
from scripts.bench.budgets import (
    GATEWAY_MILLISECONDS,
    GATEWAY_REQUESTS_PER_SECOND,
    START_SECONDS,
    Verdict,
)
from scripts.bench.stats import Summary, summarize
from scripts.bench.variants import ROOT
from scripts.local import launcher
from scripts.local.settings import ACCOUNT_ID, REGION, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CLIENTS = 8
WARM_UP = 80
ROUNDS = 3
SERIAL_REQUESTS = 200
PARALLEL_REQUESTS = 400
WAIT_SECONDS = 20.0
HANDLER = "def handler(event, context): return {'statusCode': 200, 'body': '{}'}"
NAME = "bench"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@dataclass(frozen=True, slots=True)
class Speed:
    """Starts in seconds, latencies in ms, rates in requests/s; one value per round, the bare app's beside ours."""

    start: Summary
    restart: Summary
    p50: Summary
    rate: Summary
    bare_p50: Summary
    bare_rate: Summary
    memory_megabytes: int


def measure(note: Callable[[str], None]) -> Speed:
    """Start a local cloud of its own, with one function behind one route, and send it requests.

    Raises:
        LoadError: a request was not answered with 200.
        LocalCloudError: the cloud did not start.
    """
    with tempfile.TemporaryDirectory(prefix="tradepost-bench-") as folder, _bare_app() as bare:
        settings = Settings(Path(folder), _free_port())
        starts, restarts = [], []
        try:
            for number in range(ROUNDS):
                note(f"start {number + 1} of {ROUNDS}")
                starts.append(_seconds_to_start(Settings(Path(folder) / f"empty{number}", settings.port)))
            launcher.up(settings)
            path = f"/restapis/{_deploy(settings.endpoint)}/v1/_user_request_/silent"
            for number in range(ROUNDS):
                note(f"restart {number + 1} of {ROUNDS}")
                launcher.down(settings)
                restarts.append(_timed_up(settings))
            rounds = _load(settings.port, path, bare, note)
            running = launcher.status(settings)
        finally:
            launcher.down(settings)
    serial, parallel, bare_serial, bare_parallel = zip(*rounds, strict=True)
    return Speed(
        start=summarize(starts),
        restart=summarize(restarts),
        p50=summarize([one.p50 * 1000 for one in serial]),
        rate=summarize([one.rate for one in parallel]),
        bare_p50=summarize([one.p50 * 1000 for one in bare_serial]),
        bare_rate=summarize([one.rate for one in bare_parallel]),
        memory_megabytes=running.memory if running else 0,
    )


def verdicts(speed: Speed) -> list[Verdict]:
    """Judge what a person waits for. The budgets are for a quiet machine with two cores, so the best round counts."""
    per_request = 1000 / GATEWAY_REQUESTS_PER_SECOND
    return [
        Verdict("local cloud, start to healthy", speed.restart.low, START_SECONDS, "s"),
        Verdict("local cloud, gateway to a warm function", speed.p50.low, GATEWAY_MILLISECONDS, "ms"),
        Verdict(f"local cloud, time per request of {CLIENTS} clients", 1000 / speed.rate.high, per_request, "ms"),
    ]


def _load(port: int, path: str, bare: int, note: Callable[[str], None]) -> list[tuple[load.Load, ...]]:
    """Take turns, so that a busy moment of the machine hits both."""
    load.run(port, path, CLIENTS, WARM_UP)
    load.run(bare, "/", CLIENTS, WARM_UP)
    rounds: list[tuple[load.Load, ...]] = []
    for number in range(ROUNDS):
        note(f"requests, round {number + 1} of {ROUNDS}")
        rounds.append(
            (
                load.run(port, path, 1, SERIAL_REQUESTS),
                load.run(port, path, CLIENTS, PARALLEL_REQUESTS),
                load.run(bare, "/", 1, SERIAL_REQUESTS),
                load.run(bare, "/", CLIENTS, PARALLEL_REQUESTS),
            )
        )
    return rounds


def _seconds_to_start(settings: Settings) -> float:
    try:
        return _timed_up(settings)
    finally:
        launcher.down(settings)


def _timed_up(settings: Settings) -> float:
    started = time.perf_counter()
    launcher.up(settings, lambda _: None)
    return time.perf_counter() - started


@contextmanager
def _bare_app() -> Iterator[int]:
    """Run the bare app in a process of its own; its port."""
    port = _free_port()
    process = subprocess.Popen([sys.executable, "-m", "scripts.bench.bare_asgi", str(port)], cwd=ROOT)
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise load.LoadError("the bare app did not start") from None
                time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _deploy(endpoint: str) -> str:
    """Deploy the silent function behind GET /silent; the API's id."""
    session = _session()

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=endpoint)

    client("iam").create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST))
    client("logs").create_log_group(logGroupName=f"/aws/lambda/{NAME}")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as target:
        target.writestr("app.py", HANDLER)
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/{NAME}"
    made = client("lambda").create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Handler="app.handler",
        Role=role,
        Code={"ZipFile": code.getvalue()},
    )
    gateway = client("apigateway")
    api = str(gateway.create_rest_api(name=NAME)["id"])
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    resource = gateway.create_resource(restApiId=api, parentId=root, pathPart="silent")["id"]
    place = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    gateway.put_method(**place, authorizationType="NONE")
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{made['FunctionArn']}/invocations"
    gateway.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    client("lambda").add_permission(
        FunctionName=NAME,
        StatementId="gateway",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{api}/*/*/*",
    )
    deployment = gateway.create_deployment(restApiId=api)["id"]
    gateway.create_stage(restApiId=api, stageName="v1", deploymentId=deployment)
    return api


def _session() -> Any:
    import boto3

    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)  # noqa: S106
