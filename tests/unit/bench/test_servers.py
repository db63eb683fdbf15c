"""The two servers that the measured function talks to, with clients that speak real HTTP to them."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator

import pytest

from scripts.bench.aws_stub import serving
from scripts.bench.runtime_api import PREFIX, RuntimeApi, RuntimeApiError, read_request


@pytest.fixture
def api() -> Iterator[RuntimeApi]:
    with RuntimeApi() as server:
        yield server


def play_function(address: str, suffix: str, body: bytes) -> threading.Thread:
    """A function process in a thread: asks for one event and posts `body` as the outcome named by `suffix`."""

    def run() -> None:
        connection = http.client.HTTPConnection(address, timeout=5)
        connection.request("GET", f"{PREFIX}/invocation/next")
        answer = connection.getresponse()
        answer.read()
        request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        connection.request("POST", f"{PREFIX}/invocation/{request_id}/{suffix}", body)
        connection.getresponse().read()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_an_event_goes_out_and_its_answer_comes_back(api: RuntimeApi) -> None:
    function = play_function(api.address, "response", b'{"statusCode": 200}')
    api.wait_until_ready()
    assert api.invoke(b"{}", "request-1", {}) == {"statusCode": 200}
    function.join(5)


def test_an_error_of_the_function_ends_the_measurement(api: RuntimeApi) -> None:
    function = play_function(api.address, "error", b'{"errorMessage": "no such table"}')
    api.wait_until_ready()
    with pytest.raises(RuntimeApiError, match="no such table"):
        api.invoke(b"{}", "request-1", {})
    function.join(5)


@pytest.mark.skipif(sys.platform != "linux", reason="process file descriptors are Linux's, like the runtime client")
def test_a_process_that_ends_is_noticed_at_once(api: RuntimeApi) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        api.watch(process.pid)
        with pytest.raises(RuntimeApiError, match="ended"):
            api.wait_until_ready()


def test_an_event_needs_a_waiting_function(api: RuntimeApi) -> None:
    with pytest.raises(RuntimeApiError, match="not waiting"):
        api.invoke(b"{}", "request-1", {})


def test_a_body_that_arrives_in_pieces_is_read_whole() -> None:
    here, there = socket.socketpair()
    with here, there:
        there.sendall(b"POST /x HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc")
        sender = threading.Timer(0.05, there.sendall, [b"def"])
        sender.start()
        request = read_request(here)
        sender.join()
    assert request is not None
    assert (request.method, request.path, request.body) == ("POST", "/x", b"abcdef")


def test_what_is_no_http_is_refused() -> None:
    here, there = socket.socketpair()
    with here, there:
        there.sendall(os.urandom(8).hex().encode() + b"\r\n\r\n")
        with pytest.raises(RuntimeApiError, match="not an HTTP request"):
            read_request(here)


def call(endpoint: str, operation: str) -> http.client.HTTPResponse:
    headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type": "application/x-amz-json-1.0"}
    request = urllib.request.Request(endpoint, b"{}", headers)  # noqa: S310 - our own loopback server
    answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=5)  # noqa: S310
    return answer


def test_the_stub_answers_with_the_checksum_that_the_sdk_verifies() -> None:
    with serving() as endpoint, call(endpoint, "Query") as answer:
        body = answer.read()
    assert int(answer.headers["x-amz-crc32"]) == zlib.crc32(body)
    assert json.loads(body)["Items"][0]["type"] == {"S": "order_placed"}


def test_the_stub_says_which_operation_it_lacks() -> None:
    with serving() as endpoint, pytest.raises(urllib.error.HTTPError) as refused:
        call(endpoint, "CreateTable")
    with refused.value as answer:
        assert "CreateTable" in json.load(answer)["message"]
