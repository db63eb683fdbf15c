"""A payment provider of its own for a test: the local cloud's, started alone over real HTTP on a free port."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from tests.ports import free_port
from tests.waiting import eventually


@dataclass(frozen=True)
class Psp:
    """The provider at `url`: its dashboard, and its API for whoever has a key."""

    url: str

    def key(self) -> dict[str, str]:
        """A new API key: its id and secret."""
        made: dict[str, str] = self.admin("POST", "api_keys").json()
        return made

    def admin(self, method: str, path: str, **options: Any) -> requests.Response:
        answer = requests.request(method, f"{self.url}/admin/{path}", timeout=10, **options)
        assert answer.ok, answer.text
        return answer

    def call(
        self, method: str, path: str, api_key: str, body: Any = None, idempotency_key: str = "", timeout: float = 10
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {api_key}"}
        headers |= {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return requests.request(method, f"{self.url}/v1/{path}", json=body, headers=headers, timeout=timeout)

    def order(self, order_id: str) -> dict[str, Any]:
        """Payments, requests and webhooks of an order."""
        found: dict[str, Any] = self.admin("GET", f"orders/{order_id}").json()
        return found

    def payment(self, order_id: str) -> dict[str, Any]:
        """The only payment of an order."""
        [payment] = self.order(order_id)["payments"]
        found: dict[str, Any] = payment
        return found

    def calls(self, order_id: str) -> dict[str, int]:
        """How often each operation of an order was asked for."""
        return {request["operation"]: request["calls"] for request in self.order(order_id)["requests"]}

    def outage(self, status: int) -> None:
        """Answer every call of shops with this status; 0: no more."""
        self.admin("PUT", "outage", json={"status": status})


@contextmanager
def started(*arguments: str) -> Iterator[Psp]:
    """Start it, and end it with the block."""
    psp = Psp(f"http://127.0.0.1:{free_port()}")
    command = [sys.executable, "-m", "scripts.local.psp", "--port", psp.url.rpartition(":")[2], *arguments]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: process.poll() is None and _answers(psp))
            yield psp
        finally:
            process.terminate()


def _answers(psp: Psp) -> bool:
    try:
        return psp.admin("GET", "totals").ok
    except requests.ConnectionError:
        return False
