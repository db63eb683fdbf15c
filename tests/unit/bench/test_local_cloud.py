"""The load generator against a real server, and what is judged."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from scripts.bench import load
from scripts.bench.local_cloud import Speed, verdicts
from scripts.bench.stats import summarize


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A server that gives this answer to every request."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection:
            while connection.recv(4096):
                for start in range(0, len(answer), 20):
                    connection.sendall(answer[start : start + 20])

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.close()


def test_every_request_of_every_client_is_timed() -> None:
    with answering(b"HTTP/1.1 200 \r\nContent-Length: 45\r\n\r\n" + b"x" * 45) as port:
        found = load.run(port, "/", clients=3, requests=30)
    assert len(found.latencies) == 30
    assert 0 < found.p50 <= max(found.latencies) <= found.seconds
    assert found.rate == pytest.approx(30 / found.seconds)


def test_an_answer_that_is_no_success_ends_the_measurement() -> None:
    with (
        answering(b"HTTP/1.1 500 \r\nContent-Length: 4\r\n\r\noops") as port,
        pytest.raises(load.LoadError, match="oops"),
    ):
        load.run(port, "/", clients=2, requests=4)


def test_what_is_slower_than_its_budget_is_named() -> None:
    one = summarize([1.0])
    fast = Speed(one, one, summarize([7.9]), summarize([301.0]), one, one, 50)
    slow = Speed(one, summarize([2.1]), summarize([8.1]), summarize([299.0]), one, one, 50)
    assert [verdict.holds for verdict in verdicts(fast)] == [True, True, True]
    assert [verdict.holds for verdict in verdicts(slow)] == [False, False, False]
