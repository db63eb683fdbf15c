"""Start, stop and look at the local cloud: `up` and `down` change nothing when there is nothing to change."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from scripts.local import engine, processes
from scripts.local.settings import REPOSITORY, Settings, read_cloud_file, write_cloud_file

START_DEADLINE_SECONDS = 60.0
STOP_DEADLINE_SECONDS = 60.0
_INHERITED = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ", "USER")
Report = Callable[[str], None]


class LocalCloudError(Exception):
    """The local cloud could not be started or stopped; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Status:
    """A running local cloud. `memory` of its process and `functions_memory` of all environments are peaks in MB."""

    pid: int
    port: int
    endpoint: str
    started_at: str
    ministack: str
    environments: int
    memory: int
    functions_memory: int


def status(settings: Settings) -> Status | None:
    """The cloud that runs from this home and answers, or None."""
    pid = _recorded_pid(settings)
    if pid is None:
        return None
    port = read_cloud_file(settings.cloud_file).get("port")
    found = _ask(port if isinstance(port, int) else settings.port)
    if found is None or found.get("home") != str(settings.home):
        return None
    return Status(
        pid,
        int(found["port"]),
        f"http://127.0.0.1:{found['port']}",
        found["started_at"],
        found["ministack"],
        found["environments"],
        processes.resident_megabytes(pid),
        found["functions_memory"],
    )


def up(settings: Settings, report: Report | None = None) -> Status:
    """Start the cloud unless it runs; return when it answers. Raises LocalCloudError."""
    tell = report or _to_stderr
    with _exclusive(settings):
        running = status(settings)
        if running is not None:
            return _same_port(running, settings)
        pid = _recorded_pid(settings)
        if pid is not None:
            tell(f"waiting for the local cloud that is starting or stopping (pid {pid})")
            return _same_port(_wait_until_healthy(settings, pid, None, tell), settings)
        _require_tested_engine()
        _require_free_port(settings.port, tell)
        settings.home.mkdir(parents=True, exist_ok=True)
        process = _spawn(settings)
        started = _wait_until_healthy(settings, process.pid, process, tell)
        process.returncode = 0  # it is meant to outlive us, so Popen need not warn that it still runs
        return started


def down(settings: Settings, report: Report | None = None) -> bool:
    """Stop the cloud: it refuses new requests, finishes those in flight, saves its state and ends.

    Returns False when nothing was running. Kills it only after a deadline.
    """
    tell = report or _to_stderr
    with _exclusive(settings):
        pid = _recorded_pid(settings)
        if pid is None:
            return False
        os.kill(pid, signal.SIGTERM)
        if not _wait(lambda: not _is_our_cloud(pid, settings), STOP_DEADLINE_SECONDS, tell, "stopping the local cloud"):
            tell(
                f"no end after {STOP_DEADLINE_SECONDS:.0f} s: killing pid {pid}; the last seconds of state may be lost"
            )
            os.kill(pid, signal.SIGKILL)
            _wait(lambda: not _is_our_cloud(pid, settings), 10, tell, "waiting for the killed process")
        write_cloud_file(settings.cloud_file, {**read_cloud_file(settings.cloud_file), "pid": None})
        return True


def _spawn(settings: Settings) -> subprocess.Popen[bytes]:
    """Start the server in its own session with nothing of this shell's AWS, Terraform or Python settings."""
    environment = {
        name: value for name, value in os.environ.items() if name in _INHERITED or name.startswith("TRADEPOST_")
    }
    with settings.log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.local.server", str(settings.home), str(settings.port)],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    write_cloud_file(settings.cloud_file, {"pid": process.pid, "port": settings.port, "endpoint": settings.endpoint})
    return process


def _wait_until_healthy(settings: Settings, pid: int, process: subprocess.Popen[bytes] | None, tell: Report) -> Status:
    def settled() -> bool:
        ended = process.poll() is not None if process else not _is_our_cloud(pid, settings)
        return ended or status(settings) is not None

    _wait(settled, START_DEADLINE_SECONDS, tell, "starting the local cloud")
    found = status(settings)
    if found is not None:
        return found
    if process is None and not _is_our_cloud(pid, settings):
        raise LocalCloudError("The local cloud was just stopping and has ended now. Run the command again.")
    raise LocalCloudError(
        f"The local cloud did not become healthy within {START_DEADLINE_SECONDS:.0f} s "
        f"or ended at start. The end of {settings.log_file}:\n\n{_log_tail(settings)}"
    )


def _wait(condition: Callable[[], bool], seconds: float, tell: Report, what: str) -> bool:
    """Poll a condition until a deadline; say every two seconds what is being waited for."""
    started = time.monotonic()
    told = 0.0
    while not condition():
        elapsed = time.monotonic() - started
        if elapsed > seconds:
            return False
        if elapsed - told >= 2:
            told = elapsed
            tell(f"{what} ... {elapsed:.0f} s")
        time.sleep(0.03)
    return True


def _ask(port: int) -> dict[str, Any] | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/_tradepost/status")
        response = connection.getresponse()
        body = response.read()
        return json.loads(body) if response.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _recorded_pid(settings: Settings) -> int | None:
    pid = read_cloud_file(settings.cloud_file).get("pid")
    return pid if isinstance(pid, int) and _is_our_cloud(pid, settings) else None


def _is_our_cloud(pid: int, settings: Settings) -> bool:
    """Whether the pid is alive and is a server of this very home: a pid file can be stale and its pid reused."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return f"scripts.local.server {settings.home} " in processes.command_line(pid) + " "


def _same_port(running: Status, settings: Settings) -> Status:
    if running.port != settings.port:
        raise LocalCloudError(
            f"The local cloud of {settings.home} already runs on port {running.port} (pid {running.pid}). "
            f"Unset TRADEPOST_PORT, or run `make down` before starting it on port {settings.port}."
        )
    return running


def _require_tested_engine() -> None:
    try:
        engine.require_tested_version()
    except engine.EngineVersionError as error:
        raise LocalCloudError(str(error)) from None


def _require_free_port(port: int, tell: Report) -> None:
    """The kernel may take a moment to free the port of a process that was just killed."""
    if not _wait(lambda: _is_free(port), 1.0, tell, "waiting for the port"):
        raise LocalCloudError(
            f"Port {port} is taken by {processes.port_owner(port)}. "
            f"Stop that process or choose another port: TRADEPOST_PORT={port + 10} make up"
        )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _log_tail(settings: Settings) -> str:
    try:
        return "\n".join(settings.log_file.read_text(errors="replace").splitlines()[-25:])
    except OSError:
        return "(no log)"


@contextlib.contextmanager
def _exclusive(settings: Settings) -> Iterator[None]:
    """Two `up` or `down` of the same home at once take turns."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "launcher.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _to_stderr(message: str) -> None:
    sys.stderr.write(f"{message}\n")
