"""The stock: never sold twice, given back in time, and told once when it runs low."""

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scripts.bus_tap import tap
from scripts.client import OrderClient
from shared.ids import new_id
from tests.stack.conftest import Stack
from tests.stack.inventory import PAST, Shop, new_sku
from tests.stack.orders import assert_problem
from tests.waiting import eventually

ORDERS, UNITS = 120, 12
AT_ONCE = 16


@pytest.fixture(scope="module")
def shop(stack: Stack, client: OrderClient) -> Shop:
    assert stack.functions  # made before threads ask for it
    return Shop(stack, client)


def test_the_stock_over_http(shop: Shop) -> None:
    sku, other = new_sku(), new_sku()
    assert_problem(shop.get(sku), 404, "not_found", sku)

    made = shop.count(sku, 5)
    assert (made.status_code, made.headers["Location"]) == (201, f"stock/{sku}")
    assert shop.get(sku).json() == made.json()
    assert (made.json()["available"], made.json()["low_stock_threshold"]) == (5, 5)

    key = str(uuid.uuid4())
    shop.count(other, 0)
    adjusted = shop.adjust({sku: -2, other: 3}, key)
    assert adjusted.status_code == 201
    assert shop.adjust({sku: -2, other: 3}, key).content == adjusted.content
    assert (shop.levels(sku), shop.levels(other)) == ((3, 0, 3), (3, 0, 3))
    assert shop.client.request("GET", f"/{adjusted.headers['Location']}").json() == adjusted.json()

    shop.reserve(new_id("ord"), {sku: 2})
    assert_problem(shop.count(sku, 1), 409, "insufficient_stock", "/on_hand")
    assert_problem(shop.adjust({other: 1, sku: -2}), 409, "insufficient_stock", "/lines/1/quantity")
    assert_problem(shop.adjust({new_sku(): 1}), 422, "unprocessable_adjustment", "/lines/0/sku")
    assert_problem(shop.adjust({sku: 1}, key), 422, "idempotency_key_reused")
    assert_problem(shop.count(sku, -1), 400, "invalid_body", "/on_hand")
    assert_problem(shop.count("tea", 1), 400, "invalid_parameter", "sku")
    assert shop.levels(sku) == (3, 2, 1)


def test_orders_for_the_last_units_are_served_until_there_are_none(shop: Shop) -> None:
    """Every order comes twice, as a workflow that was started twice would send it."""
    sku = new_sku()
    shop.count(sku, UNITS, low_stock_threshold=0)
    orders = [new_id("ord") for _ in range(ORDERS)]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda order: (order, shop.reserve(order, {sku: 1})), orders + orders[: ORDERS // 4]))

    outcomes = {order: {answer["outcome"] for name, answer in answers if name == order} for order in orders}
    assert all(len(distinct) == 1 for distinct in outcomes.values()), "one answer per order"
    reserved = [order for order, distinct in outcomes.items() if distinct == {"reserved"}]
    assert Counter(outcome for [outcome] in outcomes.values()) == {
        "reserved": UNITS,
        "out_of_stock": ORDERS - UNITS,
    }
    assert shop.levels(sku) == (UNITS, UNITS, 0)

    for order in reserved[:4]:
        assert shop.command("ship", order) == {"outcome": "shipped"}
    for order in reserved[4:6]:
        assert shop.command("release", order) == {"outcome": "released"}
    assert shop.levels(sku) == (UNITS - 4, UNITS - 6, 2)


def test_a_reservation_that_is_over_is_given_back_by_the_schedule(stack: Stack, shop: Shop, aws: Any) -> None:
    """A schedule of our own, once, with the target, the role and the queue of the one that runs every minute."""
    sku, due, kept = new_sku(), new_id("ord"), new_id("ord")
    shop.count(sku, 5)
    shop.reserve(due, {sku: 2}, expires_at=PAST)
    shop.reserve(kept, {sku: 1})

    scheduler, name = aws("scheduler"), stack.outputs["schedules"]["inventory.expire"]
    deployed = scheduler.get_schedule(Name=name)
    assert (deployed["State"], deployed["ScheduleExpression"]) == ("ENABLED", "rate(1 minute)")
    assert deployed["Target"]["Arn"] == stack.outputs["functions"]["inventory.expire"]["alias_arn"]
    moment = datetime.now(UTC) + timedelta(seconds=1)
    scheduler.create_schedule(
        Name=f"{name}-{uuid.uuid4().hex[:8]}",
        ScheduleExpression=f"at({moment:%Y-%m-%dT%H:%M:%S})",
        ActionAfterCompletion="DELETE",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=deployed["Target"],
    )

    assert eventually(lambda: shop.levels(sku) == (5, 1, 4))
    assert shop.command("ship", due) == {"outcome": "closed", "state": "expired"}
    assert shop.command("ship", kept) == {"outcome": "shipped"}


def test_each_crossing_of_the_threshold_is_told_once(stack: Stack, shop: Shop) -> None:
    sku, order = new_sku(), new_id("ord")
    with tap(stack.environment, stack.outputs["event_bus_name"]) as bus:
        shop.count(sku, 6, low_stock_threshold=4)
        shop.reserve(new_id("ord"), {sku: 1})  # 5 available
        shop.reserve(order, {sku: 2})  # 3: low
        shop.adjust({sku: -1})  # 2
        shop.command("release", order)  # 4
        shop.adjust({sku: 1})  # 5: back
        shop.count(sku, 2)  # 1: low

        def of_the_article(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return [event for event in events if event.get("sku") == sku]

        bus.wait(lambda events: len(of_the_article(events)) >= 3)
        told = of_the_article(bus.drain(quiet_seconds=1))

    assert [(event["type"], event["data"]["available"]) for event in sorted(told, key=lambda e: e["sequence"])] == [
        ("stock_low", 3),
        ("stock_back", 5),
        ("stock_low", 1),
    ]
    assert len({event["event_id"] for event in told}) == 3
    assert told[0]["correlation_id"] == "stack-test"
