"""The HTTP server of everything here that listens: hypercorn on a loopback port, as clients of AWS need it.

Two things of hypercorn are changed. It writes the head and the body of an answer apart, and the AWS provider of
Terraform, under load, now and then closes a connection between the two: its call is made, its answer lost, and the
second attempt says that the resource exists. And it keeps a connection whose client is gone until the time for idle
ones is over, thousands of them in a run of tests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hypercorn import asyncio as hypercorn_asyncio
from hypercorn import protocol
from hypercorn.asyncio import run
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.config import Config
from hypercorn.events import RawData
from hypercorn.protocol.events import Response
from hypercorn.protocol.h11 import H11Protocol

GRACEFUL_SECONDS = 5.0


class AnswersInOnePiece(H11Protocol):
    """Holds the head of an answer back until the next part of it, its body or its end."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._to_client, self.send = self.send, self._send
        self._head, self._is_head = b"", False

    async def stream_send(self, event: Any) -> None:
        self._is_head = isinstance(event, Response) and event.status_code >= 200
        await super().stream_send(event)

    async def _send(self, event: Any) -> None:
        if isinstance(event, RawData):
            data = self._head + event.data
            self._head = data if self._is_head else b""
            if self._is_head:
                return
            event = RawData(data=data)
        await self._to_client(event)


class EndsWithItsClient(TCPServer):
    """Does not wait for the end of the idle time once the client has closed the connection."""

    async def _read_data(self) -> None:
        await super()._read_data()
        await self.idle_task.stop()


# Where hypercorn looks them up.
protocol.H11Protocol = AnswersInOnePiece  # type: ignore[attr-defined]
run.TCPServer = EndsWithItsClient  # type: ignore[attr-defined]


async def serve(app: Callable[..., Awaitable[None]], port: int, stop: asyncio.Event | None = None) -> None:
    """Serve an ASGI app on 127.0.0.1 until `stop` is set (without one: until a signal); lets requests finish first."""
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.backlog = 1024
    # Longer than clients keep an idle connection (the AWS provider: 90 s): one that the server closes at the moment at
    # which a request comes leaves that client waiting for an answer.
    config.keep_alive_timeout = 600
    config.graceful_timeout = GRACEFUL_SECONDS
    config.loglevel = "WARNING"
    await hypercorn_asyncio.serve(app, config, shutdown_trigger=stop.wait if stop else None)
