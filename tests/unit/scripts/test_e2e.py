"""The smoke suite against a platform that breaks its promises: it fails, and cleans up all the same."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from scripts import e2e
from scripts.console import Failure
from scripts.environment import Environment

LOCAL = Environment.named("local")


@dataclass
class Platform:
    """Accepts every order under an id of its own and answers nothing that is right about it."""

    url: str = ""
    keys: set[str | None] = field(default_factory=set)
    accepted: list[str] = field(default_factory=list)
    canceled: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str) -> tuple[int, dict[str, object]]:
        if method == "POST" and path == "/orders":
            self.accepted.append(f"ord_{len(self.accepted)}")
            return 201, {"order_id": self.accepted[-1], "placed_at": "2026-01-01T00:00:00Z"}
        if path.endswith("/cancel"):
            self.canceled.append(path.split("/")[2])
        return 200, {"items": []}


@pytest.fixture
def platform() -> Iterator[Platform]:
    made = Platform()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            made.keys.add(self.headers["x-api-key"])
            status, body = made.answer(self.command, self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


def test_a_broken_platform_fails_it_and_every_accepted_order_is_canceled(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("API_URL", platform.url)
    monkeypatch.setenv("API_KEY", "of-a-partner")
    with pytest.raises(Failure, match=platform.url):
        e2e.run(LOCAL, service="orders", expression="placed or refused or as_it_was")
    assert "failed" in capfd.readouterr().out
    assert platform.keys == {"of-a-partner"}
    assert platform.accepted
    assert set(platform.accepted) <= set(platform.canceled)


def test_an_address_without_a_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_URL", "https://api.example.com/v1")
    monkeypatch.delenv("API_KEY", raising=False)
    with pytest.raises(Failure, match="go together"):
        e2e.run(LOCAL)


def test_a_service_without_smoke_tests_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_URL", "https://api.example.com/v1")
    monkeypatch.setenv("API_KEY", "x")
    with pytest.raises(Failure, match="'nowhere'") as failure:
        e2e.run(LOCAL, service="nowhere")
    assert "orders" in failure.value.hint
