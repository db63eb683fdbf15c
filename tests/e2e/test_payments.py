"""Payments as a partner and as a stranger meet them. No money moves."""

import time

from scripts.client import OrderClient
from tests.stack.orders import assert_problem

NO_ORDER = f"ord_{'0' * 26}"


def test_an_order_without_a_payment_has_none_to_show(client: OrderClient) -> None:
    assert_problem(client.request("GET", f"/payments/{NO_ORDER}"), 404, "not_found")


def test_only_the_provider_can_tell_what_happened(client: OrderClient) -> None:
    signature = f"t={int(time.time())},v1={'0' * 64}"
    told = client.request("POST", "/payments/events", json={}, headers={"Provider-Signature": signature})
    assert_problem(told, 401, "unauthorized")


def test_a_webhook_without_a_signature_is_refused_by_name(client: OrderClient) -> None:
    assert_problem(client.request("POST", "/payments/events", json={}), 400, "invalid_parameter", "Provider-Signature")
