"""Starts one function the way Lambda does and measures it from the outside.

The process is a bare Python of the project's version that runs the real `awslambdaric`. It sees nothing of the
development environment: no inherited variable, no site-packages, no current directory on its path.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from scripts.bench.runtime_api import RuntimeApi, RuntimeApiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.bench.invocations import Invocation
    from scripts.bench.variants import Variant

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
ARN = "arn:aws:lambda:eu-west-1:000000000000:function:tradepost-bench-orders-api:live"
REGION = "eu-west-1"
# The last characters of what the function wrote, shown when it fails.
LOG_TAIL = 2000


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the clock and seconds of CPU (user and system, all threads of the process)."""

    wall: float
    cpu: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.wall + other.wall, self.cpu + other.cpu)


@dataclass(frozen=True, slots=True)
class ColdStart:
    """From the start of the process until it waits for an event, and from there to the answer."""

    init: Cost
    first_request: Cost

    @property
    def total(self) -> Cost:
        """What the caller of a cold function waits for."""
        return self.init + self.first_request


@dataclass
class Function:
    """A running function process that waits for its next event; `init` is what it took to get there."""

    api: RuntimeApi
    process: subprocess.Popen[bytes]
    log: IO[bytes]
    init: Cost
    log_size_after_init: int

    def invoke(self, invocation: Invocation, number: int = 1) -> Cost:
        """Send one event, wait for the answer and check it.

        Raises:
            RuntimeApiError: the answer is not the expected one, so whatever was measured is not what was meant.
        """
        cpu, clock = cpu_seconds(self.process.pid), time.perf_counter()
        answer = self.api.invoke(invocation.event, f"00000000-0000-4000-8000-{number:012d}", _headers(invocation))
        cost = Cost(time.perf_counter() - clock, cpu_seconds(self.process.pid) - cpu)
        if answer.get("statusCode") != invocation.status:
            raise RuntimeApiError(f"{invocation.name}: expected status {invocation.status}, got {str(answer)[:500]}")
        return cost

    def invoke_many(self, invocation: Invocation, count: int) -> Cost:
        """Send `count` events one after the other; return the cost of all, up to the wait for the next event."""
        self.settle()
        cpu, clock = cpu_seconds(self.process.pid), time.perf_counter()
        for number in range(count):
            self.invoke(invocation, number)
            self.settle()
        return Cost(time.perf_counter() - clock, cpu_seconds(self.process.pid) - cpu)

    def settle(self) -> None:
        """Wait until the function waits: what it does after an answer is part of that request's cost."""
        self.api.wait_until_ready()

    def written(self) -> str:
        """Return what the process has written to its standard output and error."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a living process and its threads, to the nanosecond.

    Linux gives every process a clock whose id is made from the process id (`clock_getcpuclockid`).
    """
    return time.clock_gettime_ns((~pid << 3) | 2) / 1e9


@contextmanager
def started(variant: Variant, endpoint: str, options: tuple[str, ...] = ()) -> Iterator[Function]:
    """Start the variant's function and wait until INIT is over; the process is killed in the end.

    Args:
        variant: what to run.
        endpoint: URL that answers the function's AWS calls.
        options: more options for the interpreter.

    Raises:
        RuntimeApiError: the function failed; the error holds the end of what it wrote.
    """
    # -I and -S: nothing of this machine's set-up. -B: Lambda's file system is read-only, nothing compiled can stay.
    command = [str(interpreter()), "-I", "-S", "-B", *options, str(BOOTSTRAP), str(variant.runtime), str(variant.layer)]
    with RuntimeApi() as api, tempfile.TemporaryFile() as log:
        environment = _environment(variant, api.address, endpoint)
        clock = time.perf_counter()
        process = subprocess.Popen(command, cwd=variant.task, env=environment, stdout=log, stderr=log)
        try:
            api.watch(process.pid)
            api.wait_until_ready()
            init = Cost(time.perf_counter() - clock, cpu_seconds(process.pid))
            yield Function(api, process, log, init, log.seek(0, 2))
        except RuntimeApiError as error:
            log.seek(0)
            tail = log.read().decode(errors="replace")[-LOG_TAIL:]
            raise RuntimeApiError(f"{variant.name}: {error}\n{tail}") from error
        finally:
            process.kill()
            process.wait()


def cold_start(variant: Variant, invocation: Invocation, endpoint: str) -> ColdStart:
    """Measure INIT and the first request of a new process."""
    with started(variant, endpoint) as function:
        return ColdStart(function.init, function.invoke(invocation))


def interpreter() -> Path:
    """Return the Python that `.venv` was made from: it has no packages of its own in `-S`."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Path(sys.base_prefix) / "bin" / f"python{version}"


def _headers(invocation: Invocation) -> dict[str, str]:
    return {
        "Lambda-Runtime-Deadline-Ms": str(int((time.time() + 10) * 1000)),
        "Lambda-Runtime-Invoked-Function-Arn": ARN,
        "Lambda-Runtime-Trace-Id": invocation.trace,
    }


def _environment(variant: Variant, runtime_api: str, endpoint: str) -> dict[str, str]:
    """What Lambda sets, what Terraform sets for the orders API, and the endpoint."""
    name = ARN.split(":")[6]
    function: dict[str, Any] = {
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        # Port 9 discards: segments are sent by UDP and nobody waits for an answer.
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:9",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "9",
        "_HANDLER": variant.handler,
    }
    process = {
        "LAMBDA_RUNTIME_DIR": str(variant.runtime),
        "LAMBDA_TASK_ROOT": str(variant.task),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
    }
    account = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "test",
    }
    settings = {
        "ENVIRONMENT": "bench",
        "ORDERS_IDEMPOTENCY_TABLE": "tradepost-bench-orders-idempotency",
        "ORDERS_VIEW_TABLE": "tradepost-bench-orders-view",
        "ORDER_EVENTS_TABLE": "tradepost-bench-order-events",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "POWERTOOLS_METRICS_NAMESPACE": "Tradepost",
        "POWERTOOLS_SERVICE_NAME": "orders",
    }
    return function | process | account | settings
