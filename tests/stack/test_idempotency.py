"""Placing an order is idempotent by its key, under any concurrency."""

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from scripts.bus_tap import tap
from scripts.client import OrderClient
from tests.stack.conftest import Stack
from tests.stack.orders import assert_problem, line, order

pytestmark = pytest.mark.usefixtures("resting_orders")


def test_200_concurrent_requests_with_20_keys_make_20_orders(stack: Stack, client: OrderClient) -> None:
    bodies = {f"race-{uuid4()}": order(line(quantity=number + 1)) for number in range(20)}
    requests = [*bodies] * 10

    with tap(stack.environment, stack.outputs["event_bus_name"]) as bus:
        with ThreadPoolExecutor(200) as pool:
            answers = list(pool.map(lambda key: (key, client.place(bodies[key], key)), requests))

        assert Counter(answer.status_code for _, answer in answers) == {201: 200}
        by_key = defaultdict(set)
        for key, answer in answers:
            by_key[key].add((answer.status_code, answer.headers["Location"], answer.content))
        assert {len(distinct) for distinct in by_key.values()} == {1}, "one answer per key, byte for byte"
        ids = {answer.json()["order_id"] for _, answer in answers}
        assert len(ids) == 20

        bus.wait(lambda events: ids <= {event["order_id"] for event in events})
        published = [event for event in bus.drain() if event["type"] == "order_placed" and event["order_id"] in ids]
    assert Counter(event["order_id"] for event in published) == dict.fromkeys(ids, 1)
    for order_id in ids:
        assert len(client.events(order_id).json()["items"]) == 1


def test_same_key_with_another_body_is_refused(client: OrderClient) -> None:
    key = str(uuid4())
    first = client.place(order(line(quantity=1)), key)
    assert_problem(client.place(order(line(quantity=2)), key), 422, "idempotency_key_reused", "Idempotency-Key")
    assert client.place(order(line(quantity=1)), key).content == first.content


def test_same_body_written_differently_is_the_same_body(client: OrderClient) -> None:
    key, body = str(uuid4()), order()
    first = client.place(body, key)
    reordered = dict(reversed(body.items()))
    assert client.place(reordered, key).content == first.content


def test_a_key_belongs_to_its_partner(stack: Stack) -> None:
    key = str(uuid4())
    mine = stack.client("demo").place(order(), key).json()
    other = stack.client("acme").place(order(), key).json()
    assert mine["order_id"] != other["order_id"]


def test_a_refused_request_does_not_use_up_its_key(client: OrderClient) -> None:
    key = str(uuid4())
    assert client.place(order(currency="XYZ"), key).status_code == 422
    assert client.place(order(), key).status_code == 201
