"""The provider's books: payments, refunds, answered requests, API keys and webhooks, in one SQLite file.

Every operation and its answer are one transaction, so that a kill leaves either both or neither. Used by one thread.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.local.psp import methods
from shared.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
LATE_SECONDS = 30.0
"""How long a webhook that is to come out of order waits for a later one to overtake it."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS payments (
    id TEXT PRIMARY KEY, order_id TEXT, amount INTEGER, currency TEXT, payment_method TEXT,
    authorization_key TEXT UNIQUE, status TEXT, reason TEXT, captured_amount INTEGER DEFAULT 0,
    refunded_amount INTEGER DEFAULT 0, created REAL);
CREATE INDEX IF NOT EXISTS payments_by_order ON payments (order_id);
CREATE TABLE IF NOT EXISTS refunds (
    id TEXT PRIMARY KEY, payment_id TEXT, reference TEXT, amount INTEGER, status TEXT, reason TEXT);
CREATE TABLE IF NOT EXISTS requests (
    key TEXT PRIMARY KEY, order_id TEXT, operation TEXT, fingerprint TEXT, calls INTEGER, status INTEGER, body TEXT);
CREATE TABLE IF NOT EXISTS api_keys (id TEXT PRIMARY KEY, secret TEXT UNIQUE, revoked INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS endpoint (url TEXT, secret TEXT);
CREATE TABLE IF NOT EXISTS deliveries (
    number INTEGER PRIMARY KEY, event_id TEXT, payment_id TEXT, type TEXT, body TEXT, due REAL,
    attempts INTEGER DEFAULT 0, status TEXT DEFAULT 'waiting');
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; what is refused has the body {"error": {"code", "message"}}."""

    status: int
    body: Json


def refused(status: int, code: str, message: str, **more: Any) -> Answer:
    """The answer to what cannot be done."""
    return Answer(status, {"error": {"code": code, "message": message}, **more})


class Ledger:
    """The books, in `path`; ":memory:" forgets them."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that happens inside, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def all(self, query: str, *values: Any) -> list[Json]:
        """Rows as dictionaries."""
        return [dict(row) for row in self._db.execute(query, values)]

    def first(self, query: str, *values: Any) -> Json | None:
        found = self.all(query, *values)
        return found[0] if found else None

    def write(self, query: str, *values: Any) -> int:
        """Change rows; return how many."""
        return self._db.execute(query, values).rowcount

    # ---- requests by their idempotency key

    def request(self, key: str) -> Json | None:
        return self.first("SELECT * FROM requests WHERE key = ?", key)

    def count_call(self, key: str, operation: str, fingerprint: str, order_id: str) -> int:
        """Note that the request came; return how often it did."""
        self.write(
            "INSERT INTO requests (key, order_id, operation, fingerprint, calls) VALUES (?, ?, ?, ?, 1) "
            "ON CONFLICT (key) DO UPDATE SET calls = calls + 1",
            *(key, order_id, operation, fingerprint),
        )
        found = self.request(key)
        return found["calls"] if found else 0

    def answer(self, key: str, answer: Answer) -> None:
        """Keep the answer for whoever asks again."""
        self.write("UPDATE requests SET status = ?, body = ? WHERE key = ?", answer.status, _text(answer.body), key)

    # ---- payments

    def payment(self, payment_id: str) -> Json | None:
        found = self.first("SELECT * FROM payments WHERE id = ?", payment_id)
        return found and self._whole(found)

    def payments_of(self, order_id: str) -> list[Json]:
        found = self.all("SELECT * FROM payments WHERE order_id = ? ORDER BY created", order_id)
        return [self._whole(payment) for payment in found]

    def authorize(self, key: str, body: Json) -> Answer:
        """Hold the amount on the payment method, or decline."""
        reason = methods.find(body["payment_method"]).refusals.get("authorize")
        payment_id = new_id("pay")
        self.write(
            "INSERT INTO payments (id, order_id, amount, currency, payment_method, authorization_key, status, reason, "
            "created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(payment_id, body["order_id"], body["amount"], body["currency"], body["payment_method"], key),
            *("declined" if reason else "authorized", reason, time.time()),
        )
        payment = self._told(payment_id, "declined" if reason else "authorized")
        if reason:
            return refused(402, reason, "The payment was declined.", payment=payment)
        return Answer(201, payment)

    def capture(self, payment: Json) -> Answer:
        """Take the whole amount that is held."""
        if payment["status"] != "authorized":
            return refused(409, payment["status"], f"The payment is {payment['status']}; it cannot be captured.")
        if reason := methods.find(payment["payment_method"]).refusals.get("capture"):
            return refused(402, reason, "The capture was declined; nothing was taken.")
        self.write(
            "UPDATE payments SET status = 'captured', captured_amount = amount WHERE id = ?",
            payment["id"],
        )
        return Answer(200, self._told(payment["id"], "captured"))

    def void(self, authorization_key: str) -> Answer:
        """Let go of what the request with this key holds. One that has not arrived is refused when it does."""
        payment = self.first("SELECT * FROM payments WHERE authorization_key = ?", authorization_key)
        if payment is None:
            mark = refused(409, "voided", "The payment was voided before this request arrived.")
            self.write(
                "INSERT INTO requests (key, operation, calls, status, body) VALUES (?, 'authorize', 0, ?, ?) "
                "ON CONFLICT (key) DO UPDATE SET status = excluded.status, body = excluded.body",
                *(authorization_key, mark.status, _text(mark.body)),
            )
            return Answer(200, {"voided": True})
        if payment["status"] in ("captured", "refunded"):
            return refused(409, "captured", "The payment is captured; refund it instead.")
        if payment["status"] == "authorized":
            self.write("UPDATE payments SET status = 'voided' WHERE id = ?", payment["id"])
            self._told(payment["id"], "voided")
        return Answer(200, {"voided": True})

    def refund(self, payment: Json, reference: str, amount: int) -> Answer:
        """Give back a part of what was captured."""
        if payment["status"] not in ("captured", "refunded"):
            return refused(409, "not_captured", f"The payment is {payment['status']}; nothing was captured.")
        if amount > payment["captured_amount"] - payment["refunded_amount"]:
            return refused(409, "exceeds_captured", "More than what is left of the captured amount.")
        reason = methods.find(payment["payment_method"]).refusals.get("refund")
        refund = {"id": new_id("ref"), "payment_id": payment["id"], "reference": reference, "amount": amount}
        refund |= {"status": "declined" if reason else "succeeded", "reason": reason}
        self.write(
            "INSERT INTO refunds VALUES (:id, :payment_id, :reference, :amount, :status, :reason)", *refund.values()
        )
        if reason:
            return refused(402, reason, "The refund was declined; nothing was given back.", refund=refund)
        self.write(
            "UPDATE payments SET refunded_amount = refunded_amount + ?1, status = CASE WHEN refunded_amount + ?1 = "
            "captured_amount THEN 'refunded' ELSE status END WHERE id = ?2",
            *(amount, payment["id"]),
        )
        self._told(payment["id"], "refunded")
        return Answer(201, refund)

    def _whole(self, payment: Json) -> Json:
        refunds = self.all("SELECT * FROM refunds WHERE payment_id = ? ORDER BY rowid", payment["id"])
        return {name: value for name, value in payment.items() if name != "created"} | {"refunds": refunds}

    def _told(self, payment_id: str, what: str) -> Json:
        """The payment as it is now, with the webhook that tells of it on its way."""
        payment = self.payment(payment_id) or {}
        method = methods.find(payment["payment_method"])
        event = {"id": new_id("pev"), "type": f"payment.{what}", "created": int(time.time()), "data": payment}
        due = time.time() + (LATE_SECONDS if method.late_authorized and what == "authorized" else 0)
        for _ in range(method.copies):
            self.write(
                "INSERT INTO deliveries (event_id, payment_id, type, body, due) VALUES (?, ?, ?, ?, ?)",
                *(event["id"], payment_id, event["type"], _text(event), due),
            )
        return payment


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
