"""The process of the local cloud: `python -m scripts.local.server <home> <port>`, started by the launcher."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scripts.local import engine, http_server
from scripts.local.admission import Admission, Receive, Scope, Send
from scripts.local.settings import REGION, Settings, read_cloud_file, write_cloud_file
from scripts.local.snapshot import Snapshots

FINISH_SECONDS = 35.0
"""How long a stop waits for requests and functions in flight: a gateway request takes 29 s at most."""

_KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR")
logger = logging.getLogger("tradepost.server")


def main() -> None:
    settings = Settings(Path(sys.argv[1]), int(sys.argv[2]))
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    _scrub_environment(settings)
    engine.require_tested_version()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    asyncio.run(_run(settings))


def _scrub_environment(settings: Settings) -> None:
    """Leave only what the engine needs; ministack reads these variables when it is imported."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("TRADEPOST_")}
    os.environ.clear()
    os.environ.update(
        kept,
        AUTH="true",
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",  # noqa: S106  the local cloud's well-known root credentials
        AWS_DEFAULT_REGION=REGION,
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(settings.port),
        IOT_MTLS_ENABLED="0",
        LAMBDA_ACCOUNT_CONCURRENCY="0",
        LOG_LEVEL="WARNING",
        MINISTACK_HOST="127.0.0.1",
        MINISTACK_REGION=REGION,
        PERSIST_STATE="1",
        S3_DATA_DIR=str(settings.s3_dir),
        S3_PERSIST="1",
        SFTP_ENABLED="0",
        STATE_DIR=str(settings.state_dir),
    )


async def _run(settings: Settings) -> None:
    from scripts.local import seam
    from scripts.local.psp import service as psp

    app = engine.app()
    snapshots = Snapshots(settings.state_dir)
    app.load_state = snapshots.load
    behaviours = seam.install(settings, changed=snapshots.note_change)

    def save_all(states: dict[str, Callable[[], Any]]) -> None:
        """What the engine calls at its end."""
        snapshots.save(states)
        behaviours.save()

    app.save_all = save_all
    started_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def status() -> dict[str, Any]:
        return {
            "home": str(settings.home),
            "port": settings.port,
            "pid": os.getpid(),
            "started_at": started_at,
            "ministack": engine.version(),
            "environments": behaviours.environments(),
            "functions_memory": behaviours.functions.memory_megabytes(),
        }

    settings.state_dir.mkdir(parents=True, exist_ok=True)
    provider = psp.PaymentProvider(settings.state_dir / psp.FILE, psp.PATH)
    admission = Admission(app.app, status, snapshots.note_change)

    async def entrance(scope: Scope, receive: Receive, send: Send) -> None:
        """The provider is not AWS: it serves functions to the end, and nothing that it does is the cloud's state."""
        await (provider if provider.owns(scope) else admission)(scope, receive, send)

    stop, closed = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    write_cloud_file(
        settings.cloud_file,
        {
            "pid": os.getpid(),
            "port": settings.port,
            "endpoint": settings.endpoint,
            "started_at": started_at,
            "ministack": engine.version(),
        },
    )
    server = asyncio.create_task(http_server.serve(entrance, settings.port, closed))
    saving = asyncio.create_task(snapshots.keep_saving(app._build_persistence_save_dict))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((server, stopping), return_when=asyncio.FIRST_COMPLETED)
    if not server.done():
        admission.stop()
        behaviours.stop_sources()
        await provider.stop_webhooks()
        await _finished(lambda: admission.in_flight == 0 and behaviours.idle())
    saving.cancel()
    closed.set()
    try:
        await server
    finally:
        stopping.cancel()
        await provider.close()
        behaviours.close()
        with contextlib.suppress(OSError):
            write_cloud_file(settings.cloud_file, {**read_cloud_file(settings.cloud_file), "pid": None})


async def _finished(idle: Callable[[], bool]) -> None:
    """Wait until nothing is in flight; say what is left when the deadline passes."""
    deadline = time.monotonic() + FINISH_SECONDS
    while not idle():
        if time.monotonic() > deadline:
            logger.warning("work was still in flight after %.0f s; it is cut off", FINISH_SECONDS)
            return
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    main()
