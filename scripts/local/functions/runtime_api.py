"""The Lambda Runtime API of one execution environment, over HTTP on a loopback port of its own.

Endpoints (2018-06-01): GET runtime/invocation/next, POST runtime/invocation/<id>/response, .../error,
POST runtime/init/error. The invoker talks to it with `offer` and waits on the invocation's `done` event.
"""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

API = "/2018-06-01/runtime"
PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024 + 100
"""Lambda's limit for a synchronous response: 6,291,556 bytes."""


@dataclass(slots=True)
class Invocation:
    """One event on its way through an environment. `deadline_ms` is Unix time in milliseconds."""

    request_id: str
    payload: bytes
    function_arn: str
    deadline_ms: int
    trace_id: str
    response: bytes | None = None
    failed: bool = False
    done: threading.Event = field(default_factory=threading.Event)

    def finish(self, response: bytes, failed: bool) -> None:
        if not self.done.is_set():
            self.response = response
            self.failed = failed
            self.done.set()

    def fail(self, error_type: str, what: str) -> None:
        """End it with an error of the platform, whatever the function may have answered."""
        error = {"errorType": error_type, "errorMessage": f"RequestId: {self.request_id} Error: {what}"}
        self.response = json.dumps(error).encode()
        self.failed = True
        self.done.set()


class RuntimeApi:
    """Serves one runtime. `on_ready` is called when it asks for its first invocation or reports an INIT error."""

    def __init__(self, on_ready: Callable[[bytes | None], None]) -> None:
        self._on_ready = on_ready
        self._waiting: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._current: Invocation | None = None
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._closed = False
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, name="runtime-api", daemon=True).start()

    def offer(self, invocation: Invocation) -> None:
        self._waiting.put(invocation)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._waiting.put(None)
        with socket.socket() as wake:
            wake.settimeout(1)
            wake.connect_ex(self._socket.getsockname())
        self._socket.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, peer = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection, peer), name="runtime-api", daemon=True).start()

    def _serve(self, connection: socket.socket, peer: object) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            _Handler(connection, peer, self)  # type: ignore[arg-type]  # the "server" is only handed back to us
        except (OSError, ValueError):
            pass
        finally:
            connection.close()

    def next(self) -> Invocation | None:
        """The next invocation, or None when the environment is being closed. Blocks."""
        self._on_ready(None)
        self._current = self._waiting.get()
        return self._current

    def respond(self, request_id: str, body: bytes, failed: bool) -> tuple[int, dict[str, str]]:
        invocation = self._current
        if invocation is None or invocation.request_id != request_id:
            return 400, {"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"}
        if not failed and len(body) > PAYLOAD_LIMIT_BYTES:
            message = f"Response payload size exceeded maximum allowed payload size ({PAYLOAD_LIMIT_BYTES} bytes)."
            error = {"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"}
            invocation.finish(json.dumps(error).encode(), failed=True)
            return 413, error
        invocation.finish(body, failed)
        return 202, {"status": "OK"}

    def init_error(self, body: bytes) -> tuple[int, dict[str, str]]:
        self._on_ready(body)
        return 202, {"status": "OK"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RuntimeApi  # type: ignore[assignment]

    def do_GET(self) -> None:
        if self.path != f"{API}/invocation/next":
            self._answer(404, b"{}")
            return
        invocation = self.server.next()
        if invocation is None:
            self.close_connection = True
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        self._answer(200, invocation.payload, headers)

    def do_POST(self) -> None:
        body = self._body()
        parts = self.path.removeprefix(API).split("/")
        if parts == ["", "init", "error"]:
            status, answer = self.server.init_error(body)
        elif len(parts) == 4 and parts[1] == "invocation" and parts[3] in ("response", "error"):
            status, answer = self.server.respond(parts[2], body, parts[3] == "error")
        else:
            status, answer = 404, {}
        self._answer(status, json.dumps(answer).encode())

    def _body(self) -> bytes:
        """The request body; awslambdaric posts responses with a length or, from its C++ client, in chunks."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(chunks)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        lines = [f"HTTP/1.1 {status} {self.responses[status][0]}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items() if value]
        head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
        self.wfile.write(head.encode("latin-1") + body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that the base class gives it
        """Runtime API traffic is not logged."""
