"""A Lambda Runtime API for exactly one function process, driven by the measuring thread itself.

The local cloud has a Runtime API of its own, which serves many functions from threads. Here every hand-over is a moment
to be measured: nothing else of this process may run between the function's request and the clock.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

PREFIX = "/2018-06-01/runtime"
DEADLINE_SECONDS = 30.0
LARGEST_HEAD = 64 * 1024


class RuntimeApiError(Exception):
    """The function process ended, reported an error or did not answer in time."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request of the function process."""

    connection: socket.socket
    method: str
    path: str
    body: bytes

    def answer(self, status: str, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """Send the response; the connection stays open."""
        fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.connection.sendall(f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body)


@dataclass
class RuntimeApi:
    """Listens on a free port of 127.0.0.1; `address` is what AWS_LAMBDA_RUNTIME_API must hold."""

    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _selector: selectors.DefaultSelector = field(default_factory=selectors.DefaultSelector)
    _process: int = -1
    _next: Request | None = None

    def __enter__(self) -> Self:
        self._selector.register(self._listener, selectors.EVENT_READ)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for key in list(self._selector.get_map().values()):
            self._close(key.fileobj)
        self._selector.close()

    @property
    def address(self) -> str:
        """Host and port."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def watch(self, pid: int) -> None:
        """Notice at once when the function process ends, instead of at the deadline."""
        self._process = os.pidfd_open(pid)
        self._selector.register(self._process, selectors.EVENT_READ)

    def wait_until_ready(self) -> None:
        """Block until the function asks for its next event: INIT, or the last request, is over."""
        if self._next is None:
            self._next = self._receive(f"{PREFIX}/invocation/next")

    def invoke(self, event: bytes, request_id: str, headers: dict[str, str]) -> Any:
        """Hand `event` to the waiting function and return its parsed answer.

        Raises:
            RuntimeApiError: the function failed, died or took longer than the deadline.
        """
        if self._next is None:
            raise RuntimeApiError("the function is not waiting for an event")
        waiting, self._next = self._next, None
        waiting.answer("200 OK", event, {"Lambda-Runtime-Aws-Request-Id": request_id, **headers})
        response = self._receive(f"{PREFIX}/invocation/{request_id}/response")
        response.answer("202 Accepted", b'{"status":"OK"}')
        return json.loads(response.body)

    def _receive(self, path: str) -> Request:
        """Return the request for `path`; any other one is the function's report of an error."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            for key, _ in self._selector.select(left):
                request = self._handle(key.fileobj)
                if request is None:
                    continue
                if request.path == path:
                    return request
                request.answer("202 Accepted")
                raise RuntimeApiError(request.body.decode(errors="replace") or f"unexpected {request.path}")
        raise RuntimeApiError(f"no answer within {DEADLINE_SECONDS:g} s")

    def _handle(self, ready: Any) -> Request | None:
        if ready is self._listener:
            connection, _ = self._listener.accept()
            connection.settimeout(DEADLINE_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(connection, selectors.EVENT_READ)
            return None
        if ready == self._process:
            raise RuntimeApiError("the function process ended")
        request = read_request(ready)
        if request is None:
            self._selector.unregister(ready)
            ready.close()
        return request

    def _close(self, open_file: Any) -> None:
        self._selector.unregister(open_file)
        if isinstance(open_file, int):
            os.close(open_file)
        else:
            open_file.close()


def read_request(connection: socket.socket) -> Request | None:
    """Read one HTTP request with an optional Content-Length; None when the other side has closed.

    Raises:
        RuntimeApiError: what arrives is no HTTP request.
    """
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return None
        data += chunk
        if len(data) > LARGEST_HEAD:
            break
    head, separator, body = data.partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    if not separator or line.count(" ") != 2:
        raise RuntimeApiError(f"not an HTTP request: {line[:80]!r}")
    method, path, _ = line.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in fields)}
    missing = int(headers.get("content-length", "0")) - len(body)
    while missing > 0 and (chunk := connection.recv(missing)):
        body += chunk
        missing -= len(chunk)
    return Request(connection, method, path, body)
