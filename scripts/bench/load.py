"""A load generator that costs little itself: the same request over keep-alive connections, one per client."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass
from statistics import median

TIMEOUT_SECONDS = 30.0


class LoadError(Exception):
    """A request was not answered with 200."""


@dataclass(frozen=True, slots=True)
class Load:
    """What clients saw: each request's seconds, and the seconds that all of them took."""

    latencies: list[float]
    seconds: float

    @property
    def p50(self) -> float:
        """Return the median latency in seconds."""
        return median(self.latencies)

    @property
    def rate(self) -> float:
        """Return requests per second."""
        return len(self.latencies) / self.seconds


def run(port: int, path: str, clients: int, requests: int) -> Load:
    """Send `requests` requests in all from `clients` connections at once.

    Raises:
        LoadError: an answer was not 200.
    """
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n\r\n".encode()
    latencies: list[list[float]] = [[] for _ in range(clients)]
    failures: list[str] = []
    ready = threading.Barrier(clients + 1)

    def work(mine: list[float]) -> None:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready.wait()
            try:
                for _ in range(requests // clients):
                    started = time.perf_counter()
                    connection.sendall(head)
                    _read_answer(connection)
                    mine.append(time.perf_counter() - started)
            except (LoadError, OSError) as error:
                failures.append(str(error))

    threads = [threading.Thread(target=work, args=(mine,), daemon=True) for mine in latencies]
    for thread in threads:
        thread.start()
    ready.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    if failures:
        raise LoadError(failures[0])
    return Load([one for mine in latencies for one in mine], seconds)


def _read_answer(connection: socket.socket) -> None:
    """Read one response with a Content-Length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _some(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise LoadError(received[:300].decode(errors="replace"))
    length = next(
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    )
    while len(body) < length:
        body += _some(connection)


def _some(connection: socket.socket) -> bytes:
    chunk = connection.recv(65536)
    if not chunk:
        raise LoadError("the connection was closed")
    return chunk
