"""Webhooks: each event is posted to the endpoint, signed, until it is taken or the retries are used up."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import logging
import os
import secrets
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scripts.local.psp.ledger import Ledger

FIRST_RETRY_SECONDS = float(os.environ.get("TRADEPOST_PSP_RETRY_SECONDS", "1"))
ATTEMPTS = 10
"""With waits that double, the last comes 17 minutes after the first."""

POST_SECONDS = (3.05, 10.0)
LONGEST_PAUSE_SECONDS = 1.0
SIGNATURE = "Provider-Signature"
logger = logging.getLogger("tradepost.psp")


def sign(secret: str, body: bytes, timestamp: int) -> str:
    """The signature header: `t=<seconds>,v1=<HMAC-SHA256 of "<t>.<body>" in hexadecimal>`."""
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={signed}"


class Webhooks:
    """The endpoint and what is on its way to it; `run` posts until it is canceled."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._wake = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._underway: set[int] = set()

    def notify(self) -> None:
        """Something may be due."""
        self._wake.set()

    def endpoint(self) -> dict[str, Any] | None:
        return self._ledger.first("SELECT url, secret FROM endpoint")

    def register(self, url: str, *, roll: bool = False) -> dict[str, Any]:
        """Send to this URL from now on; the secret stays unless it is rolled."""
        known = self.endpoint()
        secret = known["secret"] if known and not roll else f"whsec_{secrets.token_hex(24)}"
        with self._ledger.transaction():
            self._ledger.write("DELETE FROM endpoint")
            self._ledger.write("INSERT INTO endpoint VALUES (?, ?)", url, secret)
        self.notify()
        return {"url": url, "secret": secret}

    async def run(self) -> None:
        """Post what is due, forever; ends with what is being posted when it is canceled."""
        try:
            while True:
                self._wake.clear()
                pause = self._start_due()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), pause)
        finally:
            if self._sending:
                await asyncio.wait(self._sending)

    def _start_due(self) -> float:
        """Begin to post what is due; return the seconds until something else is."""
        endpoint = self.endpoint()
        if endpoint is None:
            return LONGEST_PAUSE_SECONDS
        pause = LONGEST_PAUSE_SECONDS
        for delivery in self._ledger.all("SELECT * FROM deliveries WHERE status = 'waiting' ORDER BY due, number"):
            if delivery["number"] in self._underway:
                continue
            wait: float = delivery["due"] - time.time()
            if wait > 0:
                return min(pause, wait)
            self._underway.add(delivery["number"])
            task = asyncio.create_task(self._deliver(endpoint, delivery))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return pause

    async def _deliver(self, endpoint: dict[str, Any], delivery: dict[str, Any]) -> None:
        body = delivery["body"].encode()
        headers = {
            "Content-Type": "application/json",
            SIGNATURE: sign(endpoint["secret"], body, int(time.time())),
        }
        taken = await asyncio.to_thread(_post, endpoint["url"], body, headers)
        attempts = delivery["attempts"] + 1
        status = "delivered" if taken else "waiting" if attempts < ATTEMPTS else "given up"
        if status == "given up":
            logger.warning("webhook %s was not taken in %d attempts", delivery["event_id"], ATTEMPTS)
        self._ledger.write(
            "UPDATE deliveries SET attempts = ?, status = ?, due = ? WHERE number = ?",
            *(attempts, status, time.time() + FIRST_RETRY_SECONDS * 2 ** (attempts - 1), delivery["number"]),
        )
        if taken:
            # What was held back so that it comes out of order has been overtaken now.
            self._ledger.write(
                "UPDATE deliveries SET due = 0 WHERE payment_id = ? AND status = 'waiting' AND attempts = 0",
                delivery["payment_id"],
            )
        self._underway.discard(delivery["number"])
        self.notify()


def _post(url: str, body: bytes, headers: dict[str, str]) -> bool:
    import requests

    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.post(url, data=body, headers=headers, timeout=POST_SECONDS, allow_redirects=False).ok
        except requests.RequestException as error:
            logger.warning("webhook to %s failed: %s", url, error)
            return False
