"""Who is let in: everyone while the cloud runs; while it stops, only functions that still have to finish."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_READS = ("GET", "HEAD", "OPTIONS")
_ROLE_SESSION = b"Credential=ASIA"
_STOPPING = {
    "type": "urn:tradepost:problem:temporarily_unavailable",
    "title": "The service is busy; try again shortly.",
    "status": 503,
    "detail": "The local cloud is stopping; start it again with `make up`.",
}


class Admission:
    """ASGI application in front of ministack: counts requests in flight, refuses new ones while stopping.

    A function in flight calls DynamoDB and the rest through this same port, so requests signed with the temporary
    credentials of an execution role are let in until the end.
    """

    def __init__(self, app: App, status: Callable[[], dict[str, Any]], changed: Callable[[], None]) -> None:
        self._app = app
        self._status = status
        self._changed = changed
        self._stopping = False
        self.in_flight = 0

    def stop(self) -> None:
        self._stopping = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope.get("path") == "/_tradepost/status":
            await _answer(send, 200, "application/json", self._status())
        elif self._stopping and not _from_function(scope):
            await _answer(send, 503, "application/problem+json", _STOPPING, [(b"connection", b"close")])
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.in_flight += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self.in_flight -= 1
            if scope.get("method") not in _READS:
                self._changed()


def _from_function(scope: Scope) -> bool:
    return any(name == b"authorization" and _ROLE_SESSION in value for name, value in scope.get("headers", ()))


async def _answer(
    send: Send, status: int, content_type: str, body: dict[str, Any], headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    content = json.dumps(body).encode()
    all_headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": all_headers + (headers or [])})
    await send({"type": "http.response.body", "body": content})
