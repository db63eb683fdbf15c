"""The requests that are measured: REST proxy events as API Gateway sends them, and the status of the answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

ORDER_ID = "ord_01K0000000000000000000TEST"
PARTNER_ID = "bench-partner"
NOT_SAMPLED = "Root=1-68e8c400-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0"
SAMPLED = NOT_SAMPLED.replace("Sampled=0", "Sampled=1")


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event for the function, as JSON; `trace` is the X-Ray header that arrives with it."""

    name: str
    event: bytes
    status: int
    trace: str = NOT_SAMPLED


def get_order(trace: str = NOT_SAMPLED) -> Invocation:
    """`GET /orders/{order_id}`: one strongly consistent Query."""
    event = _event("GET", "/orders/{order_id}", {"order_id": ORDER_ID}, {})
    traced = " (traced)" if trace == SAMPLED else ""
    return Invocation(f"GET /orders/{{id}}{traced}", event, 200, trace)


def post_order(trace: str = NOT_SAMPLED) -> Invocation:
    """`POST /orders`: schema validation and one TransactWriteItems."""
    body = {
        "currency": "EUR",
        "payment_method": "pm_approved",
        "reference": "bench-1",
        "lines": [
            {"sku": "TEA-EARL-250", "quantity": 2, "unit_amount": 790},
            {"sku": "POT-CAST-900", "quantity": 1, "unit_amount": 4900},
        ],
    }
    headers = {"Content-Type": "application/json", "Idempotency-Key": "bench-1"}
    event = _event("POST", "/orders", None, headers, json.dumps(body))
    traced = " (traced)" if trace == SAMPLED else ""
    return Invocation(f"POST /orders{traced}", event, 201, trace)


def unknown_route() -> Invocation:
    """A route that is not there: what the library alone costs, without any call to AWS."""
    return Invocation("GET /unknown (no AWS call)", _event("GET", "/unknown", None, {}), 404)


def bare() -> Invocation:
    """What the bare handler is sent: the same event as `GET /orders/{order_id}`, so that parsing it counts in both."""
    return get_order()


def _event(
    method: str, resource: str, parameters: dict[str, str] | None, headers: dict[str, str], body: str | None = None
) -> bytes:
    path = resource.format(**(parameters or {}))
    sent = {"Accept": "application/json", "Host": "bench.example", "User-Agent": "bench/1.0", "x-api-key": "k" * 40}
    sent |= headers
    event: dict[str, Any] = {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": parameters,
        "stageVariables": None,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "bench00000",
            "domainName": "bench.example",
            "extendedRequestId": "bench-extended",
            "httpMethod": method,
            "identity": {"apiKeyId": PARTNER_ID, "sourceIp": "192.0.2.1", "userAgent": "bench/1.0"},
            "path": f"/v1{path}",
            "protocol": "HTTP/1.1",
            "requestId": "7d3a2b6e-0000-4000-8000-000000000001",
            "requestTime": "01/Oct/2026:12:00:00 +0000",
            "requestTimeEpoch": 1790856000000,
            "resourceId": "bench0",
            "resourcePath": resource,
            "stage": "v1",
        },
        "body": body,
        "isBase64Encoded": False,
    }
    return json.dumps(event).encode()
