"""Overselling: many more orders at once than there are units."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from scripts.client import OrderClient
from tests.stack.conftest import Stack
from tests.stack.orders import until_projected
from tests.stack.saga import NOTHING, Money, Saga
from tests.waiting import eventually

ORDERS, UNITS = 500, 50
AT_ONCE = 32
SECONDS = 300.0
"""For all orders to be decided; it takes a fifth of it on an idle machine."""


@pytest.fixture(scope="module")
def saga(stack: Stack, client: OrderClient) -> Saga:
    assert stack.functions  # made before threads ask for it
    return Saga(stack, client)


def test_the_last_units_are_sold_once(saga: Saga) -> None:
    sku = saga.article(UNITS)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        orders = list(pool.map(lambda _: saga.place(sku), range(ORDERS)))

        def status(order_id: str) -> str:
            return str(saga.client.get(order_id).json()["status"])

        def decided() -> dict[str, str] | None:
            waiting = [order_id for order_id in orders if ended.get(order_id, "placed") == "placed"]
            ended.update(zip(waiting, pool.map(status, waiting), strict=True))
            return ended if "placed" not in ended.values() else None

        ended: dict[str, str] = {}
        eventually(decided, SECONDS, pause=1)
        money = dict(zip(orders, pool.map(saga.money, orders), strict=True))
    assert Counter(ended.values()) == {"confirmed": UNITS, "rejected": ORDERS - UNITS}
    assert saga.shop.levels(sku) == (UNITS, UNITS, 0)
    held = Money(held=500, captured=0, refunded=0, charges=0)
    assert all(money[order_id] == (held if status == "confirmed" else NOTHING) for order_id, status in ended.items())
    reasons = {
        saga.client.get(order_id).json()["rejection"]["reason"] for order_id in orders if ended[order_id] == "rejected"
    }
    assert reasons == {"out_of_stock"}
    until_projected(saga.client)
