"""How long an integration takes, and may take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from scripts.local import engine
from scripts.local.gateway.request import GatewayRequest
from scripts.local.gateway.responses import refused

DEFAULT_MS = 29_000


async def timed(request: GatewayRequest, integration: dict[str, Any], work: Callable[..., Any], *arguments: Any) -> Any:
    """Run blocking work in a thread; what takes longer than the integration's timeout is INTEGRATION_TIMEOUT."""
    started = time.monotonic()
    run = engine.core("concurrency").run_reentrant
    task = asyncio.ensure_future(run(work, *arguments, thread_name="gateway-integration"))
    await asyncio.wait({task}, timeout=int(integration.get("timeoutInMillis") or DEFAULT_MS) / 1000)
    request.integration["latency"] = str(int((time.monotonic() - started) * 1000))
    if not task.done():
        raise refused("INTEGRATION_TIMEOUT", "Endpoint request timed out")
    return task.result()
