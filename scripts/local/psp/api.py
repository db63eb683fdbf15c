"""The provider's HTTP API: what shops call (/v1, with an API key) and what stands in for its dashboard (/admin)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scripts.local.psp import methods
from scripts.local.psp.ledger import Answer, Json, Ledger, refused
from scripts.local.psp.methods import Trouble
from scripts.local.psp.webhooks import Webhooks
from shared.ids import new_id

SLOW_SECONDS = 1.0
SILENT_SECONDS = 60.0
RETRY_AFTER_SECONDS = 1
Handler = Callable[[Request], Awaitable[Response]]


class RefusedError(Exception):
    """The request cannot be done as it is."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = refused(status, code, message)


class Provider:
    """The API over a ledger; `asgi` is its application."""

    def __init__(self, ledger: Ledger, webhooks: Webhooks) -> None:
        self._ledger = ledger
        self._webhooks = webhooks
        self._working: set[str] = set()
        self._outage: int | None = None
        shop = [
            ("/v1/payments", "POST", self._authorize),
            ("/v1/payments", "GET", self._payments),
            ("/v1/payments/{payment_id}", "GET", self._payment),
            ("/v1/payments/{payment_id}/capture", "POST", self._capture),
            ("/v1/payments/{payment_id}/refunds", "POST", self._refund),
            ("/v1/voids", "POST", self._void),
            ("/v1/requests/{key}", "GET", self._request),
            ("/v1/api_keys", "POST", self._create_key),
            ("/v1/api_keys/{key_id}", "DELETE", self._revoke_key),
        ]
        dashboard = [
            ("/admin/orders/{order_id}", "GET", self._order),
            ("/admin/totals", "GET", self._totals),
            ("/admin/api_keys", "GET", self._keys),
            ("/admin/api_keys", "POST", self._first_key),
            ("/admin/api_keys/{key_id}", "DELETE", self._revoke_any_key),
            ("/admin/webhook_endpoint", "PUT", self._register),
            ("/admin/outage", "PUT", self._set_outage),
        ]
        self.asgi = Starlette(
            routes=[Route(path, self._for_shops(handler), methods=[method]) for path, method, handler in shop]
            + [Route(path, handler, methods=[method]) for path, method, handler in dashboard],
            exception_handlers={RefusedError: _render_refusal},
        )

    def _for_shops(self, handler: Handler) -> Handler:
        async def check_and_handle(request: Request) -> Response:
            if self._outage is not None:
                raise RefusedError(self._outage, "unavailable", "The provider is down (PUT /admin/outage).")
            scheme, _, secret = request.headers.get("authorization", "").partition(" ")
            found = self._ledger.first("SELECT id FROM api_keys WHERE secret = ? AND NOT revoked", secret)
            if scheme.lower() != "bearer" or found is None:
                raise RefusedError(401, "invalid_api_key", "Send a valid API key: Authorization: Bearer <key>.")
            return await handler(request)

        return check_and_handle

    # ---- operations with an Idempotency-Key

    async def _authorize(self, request: Request) -> Response:
        body = await _body(request, order_id=str, amount=int, currency=str, payment_method=str)
        key, method = _key(request), body["payment_method"]
        return await self._once(request, "authorize", method, body, lambda: self._ledger.authorize(key, body))

    async def _capture(self, request: Request) -> Response:
        payment = self._found(request)
        body = {"order_id": payment["order_id"], "payment_id": payment["id"]}
        work = self._fresh(payment, self._ledger.capture)
        return await self._once(request, "capture", payment["payment_method"], body, work)

    async def _refund(self, request: Request) -> Response:
        payment = self._found(request)
        body = await _body(request, reference=str, amount=int) | {"order_id": payment["order_id"]}
        work = self._fresh(payment, lambda now: self._ledger.refund(now, body["reference"], body["amount"]))
        return await self._once(request, "refund", payment["payment_method"], body, work)

    async def _void(self, request: Request) -> Response:
        body = await _body(request, order_id=str, authorization_key=str)
        if body["authorization_key"] in self._working:
            raise RefusedError(409, "request_in_progress", "The authorization is being worked on; try again.")
        return await self._once(request, "void", "", body, lambda: self._ledger.void(body["authorization_key"]))

    def _fresh(self, payment: Json, work: Callable[[Json], Answer]) -> Callable[[], Answer]:
        """Work on the payment as it is when the work begins, not as it was when the request came."""
        return lambda: work(self._ledger.payment(payment["id"]) or payment)

    async def _once(
        self, request: Request, operation: str, method: str, body: Json, work: Callable[[], Answer]
    ) -> Response:
        """Do the work once per Idempotency-Key: the same request again gets the same answer."""
        key = _key(request)
        fingerprint = hashlib.sha256(f"{request.url.path} {json.dumps(body, sort_keys=True)}".encode()).hexdigest()
        known = self._ledger.request(key)
        calls = self._ledger.count_call(key, operation, fingerprint, body["order_id"])
        if known and known["fingerprint"] not in (None, fingerprint):
            raise RefusedError(422, "idempotency_key_reused", "This Idempotency-Key belongs to another request.")
        if key in self._working:
            raise RefusedError(409, "request_in_progress", "The first request with this key is being worked on.")
        if known and known["status"] is not None:
            return JSONResponse(json.loads(known["body"]), known["status"])
        trouble = methods.find(method).troubles.get(operation) if calls == 1 else None
        if trouble is Trouble.BROKEN:
            raise RefusedError(500, "internal_error", "Something broke; nothing was done.")
        if trouble is Trouble.BUSY:
            busy = refused(429, "too_many_requests", "Slow down.")
            return JSONResponse(busy.body, busy.status, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
        answer = await self._work(key, work, SLOW_SECONDS if trouble is Trouble.SLOW else 0)
        if trouble is Trouble.SILENT:
            await _say_nothing(request)
        return JSONResponse(answer.body, answer.status)

    async def _work(self, key: str, work: Callable[[], Answer], seconds: float) -> Answer:
        self._working.add(key)
        try:
            await asyncio.sleep(seconds)
            with self._ledger.transaction():
                answer = work()
                self._ledger.answer(key, answer)
        finally:
            self._working.discard(key)
        self._webhooks.notify()
        return answer

    # ---- questions

    async def _payments(self, request: Request) -> Response:
        return JSONResponse({"items": self._ledger.payments_of(request.query_params.get("order_id", ""))})

    async def _payment(self, request: Request) -> Response:
        return JSONResponse(self._found(request))

    async def _request(self, request: Request) -> Response:
        """What became of the request with this Idempotency-Key."""
        key = request.path_params["key"]
        known = self._ledger.request(key)
        if key in self._working:
            return JSONResponse({"state": "in_progress"})
        if known is None or known["status"] is None:
            raise RefusedError(404, "unknown_request", "No request with this Idempotency-Key has done anything.")
        return JSONResponse({"state": "done", "status": known["status"], "body": json.loads(known["body"])})

    def _found(self, request: Request) -> Json:
        payment = self._ledger.payment(request.path_params["payment_id"])
        if payment is None:
            raise RefusedError(404, "unknown_payment", "There is no such payment.")
        return payment

    # ---- API keys

    async def _create_key(self, request: Request) -> Response:
        body = {"order_id": ""}
        return await self._once(request, "create_api_key", "", body, lambda: Answer(201, self._new_key()))

    async def _first_key(self, _request: Request) -> Response:
        return JSONResponse(self._new_key(), 201)

    def _new_key(self) -> Json:
        key = {"id": new_id("key"), "secret": f"psk_{secrets.token_hex(24)}"}
        self._ledger.write("INSERT INTO api_keys (id, secret) VALUES (?, ?)", *key.values())
        return key

    async def _revoke_key(self, request: Request) -> Response:
        own = request.headers["authorization"].partition(" ")[2]
        if self._ledger.first("SELECT 1 FROM api_keys WHERE id = ? AND secret = ?", request.path_params["key_id"], own):
            raise RefusedError(409, "key_in_use", "A key cannot revoke itself.")
        return await self._revoke_any_key(request)

    async def _revoke_any_key(self, request: Request) -> Response:
        changed = self._ledger.write("UPDATE api_keys SET revoked = 1 WHERE id = ?", request.path_params["key_id"])
        if not changed:
            raise RefusedError(404, "unknown_api_key", "There is no such API key.")
        return Response(status_code=204)

    # ---- in place of a dashboard: no key asked for, so it must not be reachable from anywhere else

    async def _order(self, request: Request) -> Response:
        """All there is about an order: payments with refunds, requests with how often they came, webhooks."""
        order_id = request.path_params["order_id"]
        payments = self._ledger.payments_of(order_id)
        requests = self._ledger.all(
            "SELECT key, operation, calls, status FROM requests WHERE order_id = ? ORDER BY rowid", order_id
        )
        webhooks = self._ledger.all(
            "SELECT event_id, type, attempts, deliveries.status FROM deliveries "
            "JOIN payments ON payments.id = payment_id WHERE order_id = ? ORDER BY number",
            order_id,
        )
        return JSONResponse({"payments": payments, "requests": requests, "webhooks": webhooks})

    async def _totals(self, _request: Request) -> Response:
        """Money by currency: held (authorized, neither captured nor voided), captured, refunded."""
        rows = self._ledger.all(
            "SELECT currency, SUM(CASE status WHEN 'authorized' THEN amount ELSE 0 END) AS held, "
            "SUM(captured_amount) AS captured, SUM(refunded_amount) AS refunded FROM payments GROUP BY currency"
        )
        return JSONResponse({row.pop("currency"): row for row in rows})

    async def _keys(self, _request: Request) -> Response:
        found = self._ledger.all("SELECT id, revoked FROM api_keys ORDER BY id")
        return JSONResponse({"items": [{"id": key["id"], "active": not key["revoked"]} for key in found]})

    async def _register(self, request: Request) -> Response:
        body = await _body(request, url=str)
        return JSONResponse(self._webhooks.register(body["url"], roll=request.query_params.get("roll") == "true"))

    async def _set_outage(self, request: Request) -> Response:
        """{"status": 503}: every call of shops gets that; {"status": 0}: no more."""
        self._outage = (await _body(request, status=int))["status"] or None
        return Response(status_code=204)


async def _say_nothing(request: Request) -> None:
    """Wait until the caller has given up."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SILENT_SECONDS):
            while (await request.receive())["type"] != "http.disconnect":
                pass


async def _body(request: Request, **kinds: type) -> Json:
    """The JSON body, which has these fields of these types."""
    try:
        body = json.loads(await request.body())
    except (ValueError, ClientDisconnect):
        raise RefusedError(400, "invalid_body", "Send a JSON object.") from None
    for name, kind in kinds.items():
        if not isinstance(body, dict) or type(body.get(name)) is not kind:
            raise RefusedError(400, "invalid_body", f"{name} is required: {kind.__name__}.")
        if name == "amount" and body[name] < 1:
            raise RefusedError(400, "invalid_body", "amount is at least 1 minor unit.")
    return {name: body[name] for name in kinds}


def _key(request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if not 1 <= len(key) <= 255:
        raise RefusedError(400, "invalid_idempotency_key", "Send an Idempotency-Key of 1 to 255 characters.")
    return key


async def _render_refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)  # noqa: S101  registered for this class alone
    return JSONResponse(error.answer.body, error.answer.status)
