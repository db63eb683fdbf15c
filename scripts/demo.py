"""`make demo`: the whole platform on this machine, and an order that goes through it before your eyes."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scripts import deploy
from scripts.bus_tap import tap
from scripts.client import OrderClient
from scripts.console import console, fail, say
from scripts.deployed import Deployed

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from scripts.bus_tap import BusTap
    from scripts.environment import Environment

    # What has been reached, as text, or nothing as long as it has not.
    Watch = Callable[[], str | None]

FOLLOW_SECONDS = 30
ORDER: dict[str, Any] = {
    "currency": "EUR",
    "payment_method": "pm_approved",
    "reference": "demo",
    "lines": [
        {"sku": "MUG-BLUE", "quantity": 2, "unit_amount": 1250},
        {"sku": "TEE-RED-M", "quantity": 1, "unit_amount": 1999},
    ],
}


@dataclass
class Clock:
    """Prints what happens, each line with the milliseconds since the clock was started."""

    started: float = field(default_factory=time.monotonic)

    def show(self, what: str, text: str, *, expected: bool = True) -> None:
        """Print one line; an unexpected one ends the demo."""
        elapsed = f"{(time.monotonic() - self.started) * 1000:7.0f} ms"
        console.print(f"  [dim]{elapsed}[/dim]  [{'green' if expected else 'red'}]{what:<9}[/]", end=" ")
        say(text)
        if not expected:
            fail(f"The platform did not do what it promises at: {what}", "Look at `make status` and .local/cloud.log")


def run(environment: Environment) -> None:
    """Deploy, then tell the story of one order.

    Raises:
        Failure: a step did not go as promised.
    """
    deploy.up(environment)
    stack = Deployed.read(environment)
    client = OrderClient(stack.api_url(), stack.api_key("demo"))
    with tap(environment, stack.outputs["event_bus_name"]) as bus:
        placed, key = _place_and_follow(stack, client, bus)
        _refusals(client, placed, key)
        _look_back(client, placed.json())
    _where_next(stack, placed.json()["order_id"])


def _place_and_follow(stack: Deployed, client: OrderClient, bus: BusTap) -> tuple[requests.Response, str]:
    _title("An order goes through")
    key = f"demo-{uuid.uuid4()}"
    clock = Clock()
    placed = client.place(ORDER, key)
    clock.show("placed", _summary("POST /orders", placed), expected=placed.status_code == 201)
    order_id = placed.json()["order_id"]
    dynamodb = stack.environment.client("dynamodb")

    def stored() -> str | None:
        answer = dynamodb.query(
            TableName=stack.outputs["tables"]["order_events"],
            KeyConditionExpression="order_id = :order_id",
            ExpressionAttributeValues={":order_id": {"S": order_id}},
            ConsistentRead=True,
        )
        kinds = [f"{item['type']['S']} #{item['sequence']['N']}" for item in answer["Items"]]
        return f"table order-events: {', '.join(kinds)}" if kinds else None

    def projected() -> str | None:
        found = [item for item in client.list(status="placed").json()["items"] if item["order_id"] == order_id]
        return f"GET /orders?status=placed lists it: {_money(found[0])}" if found else None

    def published() -> str | None:
        bus.poll(0)
        found = [event for event in bus.events if event["order_id"] == order_id]
        return f"event bus: {found[0]['type']} {found[0]['event_id']}" if found else None

    _follow(clock, {"stored": stored, "projected": projected, "published": published})
    return placed, key


def _follow(clock: Clock, watches: dict[str, Watch]) -> None:
    """Show each thing that is watched for at the moment it is there."""
    waiting = dict(watches)
    deadline = time.monotonic() + FOLLOW_SECONDS
    while waiting:
        for name, watch in list(waiting.items()):
            if (seen := watch()) is not None:
                clock.show(name, seen)
                del waiting[name]
        if waiting and time.monotonic() > deadline:
            clock.show(next(iter(waiting)), f"not seen within {FOLLOW_SECONDS} s", expected=False)
        time.sleep(0.02)


def _refusals(client: OrderClient, placed: requests.Response, key: str) -> None:
    _title("What must not happen does not")
    clock = Clock()
    again = client.place(ORDER, key)
    same = again.content == placed.content and again.status_code == placed.status_code
    clock.show("repeated", f"same key, same body: {again.status_code}, the same answer byte for byte", expected=same)

    other = client.place(ORDER | {"reference": "another"}, key)
    clock.show("refused", f"same key, other body: {_problem(other)}", expected=other.status_code == 422)

    negative = ORDER | {"lines": [{"sku": "MUG-BLUE", "quantity": -1, "unit_amount": 1250}]}
    bad = client.place(negative)
    clock.show("refused", f"quantity of -1: {_problem(bad)}", expected=bad.status_code == 400)

    broken = client.request("POST", "/orders", data="{", headers={"Idempotency-Key": key})
    clock.show("refused", f"half a body: {_problem(broken)}", expected=broken.status_code == 400)

    unknown = client.place(ORDER | {"currency": "XYZ"})
    clock.show("refused", f"currency XYZ: {_problem(unknown)}", expected=unknown.status_code == 422)

    stranger = OrderClient(client.base_url, "not-a-key").place(ORDER)
    clock.show("refused", f"wrong API key: {_problem(stranger)}", expected=stranger.status_code == 403)


def _look_back(client: OrderClient, placed: dict[str, Any]) -> None:
    _title("Nothing is forgotten")
    clock = Clock()
    order_id = placed["order_id"]
    canceled = client.cancel(order_id, "the demo is over")
    clock.show("canceled", _summary("POST /orders/{id}/cancel", canceled), expected=canceled.status_code == 200)

    before = client.get(order_id, at=placed["placed_at"])
    clock.show("as it was", _summary(f"GET /orders/{{id}}?at={placed['placed_at']}", before), expected=before.ok)

    events = client.events(order_id).json()["items"]
    history = ", then ".join(f"{event['type']} at {event['occurred_at']}" for event in events)
    clock.show("history", f"GET /orders/{{id}}/events: {history}", expected=len(events) == 2)


def _where_next(stack: Deployed, order_id: str) -> None:
    _title("Where to look next")
    say(f"""  the API        curl -H 'x-api-key: {stack.api_key("demo")}' {stack.api_url()}/orders/{order_id}
  what runs      make status
  the logs       .local/cloud.log, and the log groups /aws/lambda/tradepost-{stack.environment.name}-orders-*
  the service    services/orders/README.md, terraform/services/orders/README.md
  the picture    docs/architecture.md
  the local cloud, and how it differs from AWS    docs/local-cloud.md
  stop it        make down   (what it holds is kept; rm -r .local forgets it)""")


def _title(text: str) -> None:
    console.print(f"\n[bold]{text}[/bold]")


def _summary(call: str, response: requests.Response) -> str:
    if not response.ok:
        return f"{call}: {_problem(response)}"
    body = response.json()
    return f"{call}: {response.status_code} {body['order_id']} {body['status']}, {_money(body)}"


def _money(order: dict[str, Any]) -> str:
    # The demo's currency has two decimals.
    return f"{order['currency']} {order['total_amount'] / 100:.2f}"


def _problem(response: requests.Response) -> str:
    try:
        problem = response.json()
        return f"{response.status_code} {problem['type'].rpartition(':')[2]}: {problem['detail']}"
    except (ValueError, KeyError):
        return f"{response.status_code}, which is no problem+json: {response.text[:200]}"
