"""The AWS that the measured function talks to: valid DynamoDB answers at once, from loopback.

It keeps nothing. Its time is part of the wall time of every variant alike, and of no variant's CPU time.
"""

from __future__ import annotations

import json
import threading
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from scripts.bench.invocations import ORDER_ID, PARTNER_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTENT_TYPE = "application/x-amz-json-1.0"
EVENT: dict[str, Any] = {
    "event_id": {"S": "evt_01K0000000000000000000TEST"},
    "type": {"S": "order_placed"},
    "version": {"N": "2"},
    "occurred_at": {"S": "2026-10-01T12:00:00.000Z"},
    "order_id": {"S": ORDER_ID},
    "sequence": {"N": "1"},
    "correlation_id": {"S": "bench"},
    "data": {
        "M": {
            "partner_id": {"S": PARTNER_ID},
            "currency": {"S": "EUR"},
            "lines": {
                "L": [{"M": {"sku": {"S": "TEA-EARL-250"}, "quantity": {"N": "2"}, "unit_amount": {"N": "790"}}}],
            },
            "total_amount": {"N": "1580"},
            "payment_method": {"S": "pm_approved"},
        }
    },
}
ANSWERS: dict[str, dict[str, Any]] = {
    "GetItem": {},
    "PutItem": {},
    "Query": {"Items": [EVENT], "Count": 1, "ScannedCount": 1},
    "TransactWriteItems": {},
}


def respond(target: str) -> tuple[int, bytes]:
    """Return status and body for an `X-Amz-Target` such as "DynamoDB_20120810.Query"."""
    answer = ANSWERS.get(target.removeprefix("DynamoDB_20120810."))
    if answer is None:
        error = {
            "__type": "com.amazon.coral.service#UnknownOperationException",
            "message": f"the benchmark does not answer {target!r}; add it to scripts/bench/aws_stub.py",
        }
        return 400, json.dumps(error).encode()
    return 200, json.dumps(answer).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One packet for head and body: otherwise delayed acknowledgements add 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        status, body = respond(self.headers.get("X-Amz-Target", ""))
        self.send_response(status)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", "B" * 52)
        self.send_header("x-amz-crc32", str(zlib.crc32(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing: a line per request would be part of the measurement."""


@contextmanager
def serving() -> Iterator[str]:
    """Answer on a free port of 127.0.0.1; yields the URL for AWS_ENDPOINT_URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
