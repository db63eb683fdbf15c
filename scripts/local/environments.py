"""Execution environments: one child process each, kept warm, one invocation at a time, bounded in number."""

from __future__ import annotations

import os
import secrets
import select
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from scripts.local import processes
from scripts.local.runtime_api import Invocation, RuntimeApi

INIT_SECONDS = 10.0
IDLE_SECONDS = 300.0
RUNTIME_DIR = Path(__file__).parent / "runtime"
DEFAULT_LIMIT = max(4, 3 * (os.cpu_count() or 2))
"""Environments of one function version that run at once on this machine; further invocations wait for one."""


@dataclass(frozen=True, slots=True)
class EnvironmentSpec:
    """All that makes a function version run. `key` changes whenever any of it changes."""

    key: str
    function: str
    version: str
    task_root: Path
    layers: Path
    variables: dict[str, str] = field(repr=False)
    log_group: str


class Environment:
    """A bare Python process that serves one version of one function through its own Runtime API."""

    def __init__(self, spec: EnvironmentSpec) -> None:
        self.spec = spec
        self.log_stream = f"{datetime.now(UTC):%Y/%m/%d}/[{spec.version}]{secrets.token_hex(16)}"
        self.init_error: bytes | None = None
        self.init_ms: float | None = None
        self.invocations = 0
        self.last_used = time.monotonic()
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

    def wait_until_ready(self, seconds: float) -> bool:
        """Whether INIT has ended (well or not) within the time."""
        return self._ready.wait(seconds)

    def run(self, invocation: Invocation, seconds: float) -> bool:
        """Run one invocation; False when the time is up, and then the environment is gone."""
        self.invocations += 1
        self._invocation = invocation
        if self.alive:
            self._api.offer(invocation)
        else:
            self._exited(invocation)
        finished = invocation.done.wait(seconds)
        self._invocation = None
        self.last_used = time.monotonic()
        if not finished:
            self.close()
        return finished

    def take_output(self) -> list[tuple[int, str]]:
        """The (Unix ms, line) pairs printed since the last call.

        The runtime flushes before it responds, so all that an invocation printed is in the pipe by now.
        """
        with self._output_lock:
            self._read_pipe()
            taken, self._output = self._output, []
            return taken

    def memory_megabytes(self) -> int:
        return processes.resident_megabytes(self._process.pid)

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
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.log_stream,
            "LAMBDA_TASK_ROOT": str(self.spec.task_root),
            "LAMBDA_RUNTIME_DIR": str(RUNTIME_DIR),
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
        how = f"exit status {code}" if code >= 0 else f"signal: {signal.Signals(-code).name}"
        message = f"RequestId: {invocation.request_id} Error: Runtime exited with error: {how}"
        invocation.finish(f'{{"errorType": "Runtime.ExitError", "errorMessage": "{message}"}}'.encode(), failed=True)

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


class EnvironmentPool:
    """Warm environments by function version. An invocation takes an idle one, starts one, or waits its turn."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._idle: dict[str, list[Environment]] = {}
        self._all: set[Environment] = set()
        self._running: dict[str, int] = {}
        self._waiting: dict[str, deque[threading.Event]] = {}
        self._current: dict[tuple[str, str], str] = {}
        threading.Thread(target=self._reap, name="environment-reaper", daemon=True).start()

    def __len__(self) -> int:
        return len(self._all)

    def acquire(self, spec: EnvironmentSpec, wait_seconds: float) -> Environment | None:
        """An idle or new environment; None when the limit leaves none within the time. `release` it afterwards."""
        self._supersede(spec)
        deadline = time.monotonic() + wait_seconds
        with self._lock:
            while self._running.get(spec.key, 0) >= self._limit:
                turn = threading.Event()
                queue = self._waiting.setdefault(spec.key, deque())
                queue.append(turn)
                self._lock.release()
                try:
                    turn.wait(max(0.0, deadline - time.monotonic()))
                finally:
                    self._lock.acquire()
                if not turn.is_set():
                    queue.remove(turn)
                    return None
            self._running[spec.key] = self._running.get(spec.key, 0) + 1
            idle = self._idle.get(spec.key, [])
            while idle:
                found = idle.pop()
                if found.alive:
                    return found
                self._all.discard(found)
        try:
            started = Environment(spec)
        except BaseException:
            self._leave(spec.key)
            raise
        with self._lock:
            self._all.add(started)
        return started

    def release(self, environment: Environment, *, keep: bool) -> None:
        """Give an environment back, to stay warm or (after a time-out, a crash, an INIT error) to end."""
        spec = environment.spec
        keep = keep and environment.alive and self._current.get((spec.function, spec.version)) == spec.key
        with self._lock:
            if keep:
                self._idle.setdefault(spec.key, []).append(environment)
            else:
                self._all.discard(environment)
        self._leave(spec.key)
        if not keep:
            environment.close()

    def close(self) -> None:
        with self._lock:
            environments, self._all = self._all, set()
            self._idle.clear()
        for environment in environments:
            environment.close()

    def _leave(self, key: str) -> None:
        with self._lock:
            self._running[key] -= 1
            queue = self._waiting.get(key)
            if queue:
                queue.popleft().set()

    def _supersede(self, spec: EnvironmentSpec) -> None:
        """End idle environments of an older code or configuration of the same version ($LATEST changes in place)."""
        with self._lock:
            before = self._current.get((spec.function, spec.version))
            self._current[(spec.function, spec.version)] = spec.key
            stale = self._idle.pop(before, []) if before not in (None, spec.key) else []
            self._all.difference_update(stale)
        for environment in stale:
            environment.close()

    def _reap(self) -> None:
        while True:
            time.sleep(5)
            limit = time.monotonic() - IDLE_SECONDS
            with self._lock:
                old = [e for idle in self._idle.values() for e in idle if e.last_used < limit or not e.alive]
                for environment in old:
                    self._idle[environment.spec.key].remove(environment)
                    self._all.discard(environment)
            for environment in old:
                environment.close()
