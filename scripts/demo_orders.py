"""The demo's orders: one that is completed, and two that are undone, with the stock and the money before and after."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from scripts import payment_provider
from scripts.demo_view import Clock, euros, money, problem, summary, title

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.bus_tap import BusTap
    from scripts.client import OrderClient
    from scripts.deployed import Deployed

MUG, TEE = "MUG-BLUE", "TEE-RED-M"
IN_STOCK = 10
ORDER: dict[str, Any] = {
    "currency": "EUR",
    "payment_method": "pm_approved",
    "reference": "demo",
    "lines": [
        {"sku": MUG, "quantity": 2, "unit_amount": 1250},
        {"sku": TEE, "quantity": 1, "unit_amount": 1999},
    ],
}
PARCEL = {"carrier": "DHL", "tracking_number": "00340434161094042557"}


@dataclass(frozen=True)
class Shop:
    """What the shop does, and where it looks."""

    stack: Deployed
    client: OrderClient

    def stock(self, sku: str) -> dict[str, int]:
        """On hand, reserved and available units of an article."""
        found: dict[str, int] = self.client.request("GET", f"/stock/{sku}").json()
        return found

    def payment(self, order_id: str) -> str | None:
        """How the payment of an order stands; None before there is one."""
        answer = self.client.request("GET", f"/payments/{order_id}")
        return str(answer.json()["status"]) if answer.ok else None

    def order(self, order_id: str) -> dict[str, Any]:
        """The order as it is."""
        found: dict[str, Any] = self.client.get(order_id).json()
        return found

    def books(self) -> str:
        """Stock of the mug, and the money at the provider (the local cloud's has books that can be looked into)."""
        stock = self.stock(MUG)
        shown = f"{MUG}: {stock['on_hand']} on hand, {stock['reserved']} reserved, {stock['available']} available"
        if not self.stack.environment.is_local:
            return shown
        url = f"{payment_provider.url(self.stack.environment)}/admin/totals"
        with requests.Session() as session:
            session.trust_env = False
            totals = session.get(url, timeout=payment_provider.SECONDS).json().get("EUR", {})
        held, captured = (euros(totals.get(name, 0)) for name in ("held", "captured"))
        return f"{shown}; provider: {held} held, {captured} captured"


def complete(shop: Shop, bus: BusTap) -> tuple[requests.Response, str]:
    """Follow an order from placed to completed; the answer that placed it, and its Idempotency-Key."""
    title("An order goes through")
    clock = Clock()
    for sku in (MUG, TEE):
        counted = shop.client.request("PUT", f"/stock/{sku}", json={"on_hand": IN_STOCK})
        shown = f"PUT /stock/{sku}: {counted.status_code}, {IN_STOCK} on hand" if counted.ok else problem(counted)
        clock.show("counted", shown, expected=counted.ok)
    before, key = shop.stock(MUG), f"demo-{uuid.uuid4()}"
    clock.show("before", shop.books())
    placed = shop.client.place(ORDER, key)
    clock.show("placed", summary("POST /orders", placed), expected=placed.status_code == 201)
    order_id = placed.json()["order_id"]
    clock.follow(
        {
            "published": lambda: _published(bus, order_id, "order_placed"),
            "reserved": lambda: _reserved(shop),
            "authorized": lambda: _paid(shop, order_id, "authorized"),
            "confirmed": lambda: _order_is(shop, order_id, "confirmed"),
        }
    )
    sent = shop.client.request("POST", f"/shipments/{order_id}/dispatched", json=PARCEL)
    text = f"POST /shipments/{{id}}/dispatched: {PARCEL['carrier']} {PARCEL['tracking_number']}"
    clock.show("dispatched", text if sent.ok else problem(sent), expected=sent.ok)
    clock.follow(
        {
            "shipped": lambda: _shipped(shop, before["on_hand"] - 2),
            "captured": lambda: _paid(shop, order_id, "captured"),
            "completed": lambda: _order_is(shop, order_id, "completed"),
        }
    )
    clock.show("after", shop.books())
    return placed, key


def undo(shop: Shop) -> None:
    """Place an order that is declined and one that is out of stock: both cost nobody anything."""
    title("An order that cannot be fulfilled is undone")
    too_many = ORDER["lines"][1] | {"quantity": 99}
    _rejected(shop, "declined", ORDER | {"payment_method": "pm_insufficient_funds"})
    _rejected(shop, "too many", ORDER | {"lines": [ORDER["lines"][0], too_many]})


def _rejected(shop: Shop, name: str, order: dict[str, Any]) -> None:
    clock, before = Clock(), shop.books()
    clock.show("before", before)
    placed = shop.client.place(order)
    clock.show(name, summary("POST /orders", placed), expected=placed.ok)
    order_id = placed.json()["order_id"]
    clock.follow({"rejected": lambda: _order_is(shop, order_id, "rejected", lambda it: it["rejection"]["detail"])})
    clock.follow({"undone": lambda: _as_before(shop, before)})


def _published(bus: BusTap, order_id: str, event_type: str) -> str | None:
    bus.poll(0)
    found = [event for event in bus.events if (event.get("order_id"), event["type"]) == (order_id, event_type)]
    return f"event bus: {event_type} {found[0]['event_id']}, which starts the workflow" if found else None


def _reserved(shop: Shop) -> str | None:
    stock = shop.stock(MUG)
    if not stock["reserved"]:
        return None
    return f"GET /stock/{MUG}: {stock['reserved']} of {stock['on_hand']} reserved, {stock['available']} available"


def _paid(shop: Shop, order_id: str, status: str) -> str | None:
    reached = ("authorized", "captured") if status == "authorized" else (status,)
    found = shop.payment(order_id)
    return f"GET /payments/{{id}}: {found}, {money(ORDER_TOTAL)}" if found in reached else None


def _shipped(shop: Shop, left: int) -> str | None:
    stock = shop.stock(MUG)
    if stock["reserved"] or stock["on_hand"] != left:
        return None
    return f"GET /stock/{MUG}: {stock['on_hand']} on hand, none reserved"


def _order_is(
    shop: Shop, order_id: str, status: str, tell: Callable[[dict[str, Any]], str] | None = None
) -> str | None:
    found = shop.order(order_id)
    if found["status"] != status:
        return None
    return f"GET /orders/{{id}}: {status}" + (f": {tell(found)}" if tell else f", {money(found)}")


def _as_before(shop: Shop, before: str) -> str | None:
    return f"{before}, as before" if shop.books() == before else None


ORDER_TOTAL = {"total_amount": sum(line["quantity"] * line["unit_amount"] for line in ORDER["lines"])}
