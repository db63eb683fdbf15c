"""`make demo`: the whole platform on this machine, and orders that go through it before your eyes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scripts import demo_orders, deploy
from scripts.bus_tap import tap
from scripts.client import OrderClient
from scripts.console import say
from scripts.demo_orders import ORDER, Shop
from scripts.demo_view import Clock, problem, summary, title
from scripts.deployed import Deployed

if TYPE_CHECKING:
    import requests

    from scripts.environment import Environment


def run(environment: Environment) -> None:
    """Deploy, then tell the story of a few orders.

    Raises:
        Failure: a step did not go as promised.
    """
    deploy.up(environment)
    stack = Deployed.read(environment)
    client = OrderClient(stack.api_url(), stack.api_key("demo"))
    shop = Shop(stack, client)
    with tap(environment, stack.outputs["event_bus_name"]) as bus:
        placed, key = demo_orders.complete(shop, bus)
    demo_orders.undo(shop)
    _refusals(client, placed, key)
    _look_back(client, placed.json())
    _where_next(stack, placed.json()["order_id"])


def _refusals(client: OrderClient, placed: requests.Response, key: str) -> None:
    title("What must not happen does not")
    clock = Clock()
    order_id = placed.json()["order_id"]
    again = client.place(ORDER, key)
    same = again.content == placed.content and again.status_code == placed.status_code
    clock.show("repeated", f"same key, same body: {again.status_code}, the same answer byte for byte", expected=same)

    other = client.place(ORDER | {"reference": "another"}, key)
    clock.show("refused", f"same key, other body: {problem(other)}", expected=other.status_code == 422)

    late = client.cancel(order_id, "changed my mind")
    clock.show("refused", f"cancel what was sent: {problem(late)}", expected=late.status_code == 409)

    greedy = client.refund(order_id, 5000, "wants more than was paid")
    clock.show("refused", f"refund of EUR 50.00: {problem(greedy)}", expected=greedy.status_code == 422)

    negative = ORDER | {"lines": [{"sku": "MUG-BLUE", "quantity": -1, "unit_amount": 1250}]}
    bad = client.place(negative)
    clock.show("refused", f"quantity of -1: {problem(bad)}", expected=bad.status_code == 400)

    broken = client.request("POST", "/orders", data="{", headers={"Idempotency-Key": key})
    clock.show("refused", f"half a body: {problem(broken)}", expected=broken.status_code == 400)

    unknown = client.place(ORDER | {"currency": "XYZ"})
    clock.show("refused", f"currency XYZ: {problem(unknown)}", expected=unknown.status_code == 422)

    stranger = OrderClient(client.base_url, "not-a-key").place(ORDER)
    clock.show("refused", f"wrong API key: {problem(stranger)}", expected=stranger.status_code == 403)


def _look_back(client: OrderClient, placed: dict[str, Any]) -> None:
    title("Nothing is forgotten")
    clock = Clock()
    order_id = placed["order_id"]
    before = client.get(order_id, at=placed["placed_at"])
    clock.show("as it was", summary(f"GET /orders/{{id}}?at={placed['placed_at']}", before), expected=before.ok)

    events = client.events(order_id).json()["items"]
    history = ", then ".join(event["type"] for event in events)
    clock.show("history", f"GET /orders/{{id}}/events: {history}", expected=len(events) == 4)


def _where_next(stack: Deployed, order_id: str) -> None:
    title("Where to look next")
    say(f"""  the API        curl -H 'x-api-key: {stack.api_key("demo")}' {stack.api_url()}/orders/{order_id}
  what runs      make status
  its hops       make traces FIND={order_id}
  the logs       make logs FIND={order_id}
  the workflow   docs/workflows/order.md, services/fulfillment/README.md
  the picture    docs/architecture.md
  the local cloud, and how it differs from AWS    docs/local-cloud.md
  stop it        make down   (what it holds is kept; rm -r .local forgets it)""")
