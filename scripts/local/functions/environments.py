"""Execution environments: one child process each, one invocation at a time, held to time and memory."""

from __future__ import annotations

import os
import secrets
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path

from scripts.local import processes
from scripts.local.functions.runtime_api import Invocation, RuntimeApi

INIT_SECONDS = float(os.environ.get("TRADEPOST_INIT_SECONDS", "10"))
"""Lambda's limit for INIT; what did not succeed by then is done again within the first invocation."""
RUNTIME_DIR = Path(__file__).parent / "runtime"
MEMORY_CHECK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class EnvironmentSpec:
    """All that makes a function version run. `key` changes whenever any of it changes."""

    key: str
    function: str
    version: str
    task_root: Path
    layers: Path
    runtime: Path
    variables: dict[str, str] = field(repr=False)
    log_group: str
    memory_megabytes: int


class Ending(Enum):
    """How the work of an environment on one invocation ended."""

    RESPONDED = auto()
    TIMED_OUT = auto()
    EXITED = auto()
    OUT_OF_MEMORY = auto()


class Environment:
    """A bare Python process that serves one version of one function through its own Runtime API.

    A provisioned one has been started ahead of its first invocation. One that was given a log stream repeats the INIT
    of the environment which had it before.
    """

    def __init__(self, spec: EnvironmentSpec, *, provisioned: bool = False, log_stream: str = "") -> None:
        self.spec = spec
        self.provisioned = provisioned
        self.repeats_init = bool(log_stream)
        self.log_stream = log_stream or f"{datetime.now(UTC):%Y/%m/%d}/[{spec.version}]{secrets.token_hex(16)}"
        self.init_error: bytes | None = None
        self.init_ms: float | None = None
        self.invocations = 0
        self.last_used = time.monotonic()
        self._memory_used = 0
        self._ready = threading.Event()
        self._dead = threading.Event()
        self._invocation: Invocation | None = None
        self._output: list[tuple[int, str]] = []
        self._partial = b""
        self._output_lock = threading.Lock()
        self._api = RuntimeApi(self._runtime_ready)
        self._started = time.monotonic()
        self._process = self._spawn()
        threading.Thread(target=self._watch, name=f"environment-{spec.function}", daemon=True).start()

    @property
    def alive(self) -> bool:
        return not self._dead.is_set()

    @property
    def new(self) -> bool:
        """Whether its first invocation still has to wait for INIT."""
        return self.invocations == 0 and not self.provisioned

    def wait_until_ready(self, seconds: float) -> bool:
        """Whether INIT has ended (well or not) within the time."""
        return self._ready.wait(seconds)

    @property
    def usable(self) -> bool:
        """Whether INIT went well and the process is there."""
        return self._ready.is_set() and self.init_error is None and self.alive

    def run(self, invocation: Invocation, seconds: float) -> Ending:
        """Run one invocation; after any other ending than a response the environment is gone."""
        self.invocations += 1
        self._invocation = invocation
        if self.alive:
            self._api.offer(invocation)
        else:
            self._exited(invocation)
        ending = self._wait(invocation, seconds)
        self._invocation = None
        self.last_used = time.monotonic()
        if ending is not Ending.RESPONDED:
            self.close()
        return ending

    def _wait(self, invocation: Invocation, seconds: float) -> Ending:
        deadline = time.monotonic() + seconds
        done = False
        while not done:
            done = invocation.done.wait(min(MEMORY_CHECK_SECONDS, max(0.0, deadline - time.monotonic())))
            if self.memory_megabytes() > self.spec.memory_megabytes:
                invocation.fail("Runtime.ExitError", "Runtime exited with error: signal: killed")
                return Ending.OUT_OF_MEMORY
            if not done and time.monotonic() >= deadline:
                return Ending.TIMED_OUT
        return Ending.RESPONDED if self.alive else Ending.EXITED

    def take_output(self) -> list[tuple[int, str]]:
        """The (Unix ms, line) pairs printed since the last call.

        The runtime flushes before it responds, so all that an invocation printed is in the pipe by now.
        """
        with self._output_lock:
            self._read_pipe()
            taken, self._output = self._output, []
            return taken

    def memory_megabytes(self) -> int:
        """The most memory that the process had in use so far, in MB."""
        self._memory_used = max(self._memory_used, processes.resident_megabytes(self._process.pid))
        return self._memory_used

    def close(self) -> None:
        """End the process and whatever it started. Can be called more than once."""
        self._api.close()
        if self._process.poll() is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                self._process.kill()
            self._process.wait()

    def _spawn(self) -> subprocess.Popen[bytes]:
        environment = {
            **self.spec.variables,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency" if self.provisioned else "on-demand",
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.log_stream,
            "LAMBDA_TASK_ROOT": str(self.spec.task_root),
            "LAMBDA_RUNTIME_DIR": str(self.spec.runtime),
            "TRADEPOST_OPT_DIR": str(self.spec.layers),
        }
        # -I: no PYTHON* variables, no user site, no script folder; -S: no site-packages; -B: a read-only /var/task.
        command = [base_interpreter(), "-I", "-S", "-B", "-X", "utf8", str(RUNTIME_DIR / "bootstrap.py")]
        process = subprocess.Popen(
            command,
            cwd=self.spec.task_root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout is not None  # noqa: S101  it is a pipe
        os.set_blocking(process.stdout.fileno(), False)
        return process

    def _runtime_ready(self, init_error: bytes | None) -> None:
        if not self._ready.is_set():
            self.init_ms = (time.monotonic() - self._started) * 1000
            self.init_error = init_error
            self._ready.set()

    def _watch(self) -> None:
        """Read output while the process runs; when it has ended, fail what it was working on."""
        assert self._process.stdout is not None  # noqa: S101  it is a pipe
        poll = select.poll()
        poll.register(self._process.stdout.fileno(), select.POLLIN)
        open_pipe = True
        while open_pipe:
            poll.poll()
            with self._output_lock:
                open_pipe = self._read_pipe()
        self._process.wait()
        self._dead.set()
        self._runtime_ready(None)
        if self._invocation is not None:
            self._exited(self._invocation)
        self._api.close()

    def _exited(self, invocation: Invocation) -> None:
        code = self._process.returncode
        how = f"exit status {code}" if code >= 0 else f"signal: {(signal.strsignal(-code) or str(-code)).lower()}"
        invocation.fail("Runtime.ExitError", f"Runtime exited with error: {how}")

    def _read_pipe(self) -> bool:
        """Move what is in the pipe to the output lines; False at its end. Hold the output lock."""
        assert self._process.stdout is not None  # noqa: S101  it is a pipe
        while True:
            try:
                chunk = os.read(self._process.stdout.fileno(), 65536)
            except BlockingIOError:
                return True
            now = int(time.time() * 1000)
            *lines, self._partial = (self._partial + chunk).split(b"\n")
            if not chunk and self._partial:
                lines, self._partial = [self._partial], b""
            self._output += [(now, line.decode(errors="replace")) for line in lines]
            if not chunk:
                return False


def base_interpreter() -> str:
    """The interpreter behind the virtual environment: its own standard library and nothing installed for us."""
    return getattr(sys, "_base_executable", None) or sys.executable
