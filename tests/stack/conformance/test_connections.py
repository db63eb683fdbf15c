"""HTTP connections as clients of AWS use them."""

import socket

from scripts.local.settings import Settings
from tests.stack.conformance.cloud import Cloud

REQUEST = b"GET /_tradepost/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
TIMES = 50


def connected(settings: Settings) -> socket.socket:
    return socket.create_connection(("127.0.0.1", settings.port), timeout=30)


def test_an_answer_comes_in_one_piece(cloud: Cloud, settings: Settings) -> None:
    """Terraform's AWS provider loses some of those whose head comes first, and makes their calls again."""
    with connected(settings) as client:
        for _ in range(TIMES):
            client.sendall(REQUEST)
            head, _, body = client.recv(65536).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            assert body.endswith(b"}")


def test_a_connection_ends_with_its_client(cloud: Cloud, settings: Settings) -> None:
    with connected(settings) as client:
        client.sendall(REQUEST)
        assert client.recv(65536)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(65536) == b""
