"""What the gateway is compared to: an ASGI app that answers at once, under the same server with the same settings."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from scripts.local import http_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

BODY = b"{}"


async def app(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[dict[str, Any]], Awaitable[None]]
) -> None:
    """Answer every request with 200 and two bytes."""
    if scope["type"] == "lifespan":
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


def main() -> None:
    """Serve on the loopback port of the first argument until the process is stopped."""
    asyncio.run(http_server.serve(app, int(sys.argv[1])))


if __name__ == "__main__":
    main()
