"""What was acknowledged survives `make down` in the middle of the work."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import uuid4

import requests

from scripts.client import OrderClient
from tests.stack.conftest import Stack
from tests.stack.orders import order
from tests.waiting import eventually

ORDERS = 500


def test_down_in_the_middle_of_500_orders_loses_none(stack: Stack, client: OrderClient) -> None:
    keys = [str(uuid4()) for _ in range(ORDERS)]
    enough = Event()
    acknowledged: dict[str, requests.Response] = {}

    def place(key: str) -> requests.Response | None:
        try:
            response = client.place(order(reference=key), key)
        except requests.ConnectionError:
            return None
        if response.status_code == 201:
            acknowledged[key] = response
            if len(acknowledged) >= ORDERS // 5:
                enough.set()
        return response

    with ThreadPoolExecutor(16) as pool:
        answers = pool.map(place, keys)
        assert enough.wait(120), "the first orders went through"
        stack.command("down")
        refused = [answer for answer in answers if answer is not None and answer.status_code != 201]
    assert ORDERS // 5 <= len(acknowledged) < ORDERS, "the cloud went down in the middle"
    for answer in refused:
        assert answer.status_code == 503, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"

    stack.command("up")
    for key, first in acknowledged.items():
        assert client.place(order(reference=key), key).content == first.content, "the answer is kept with its key"
    # The rest may now be repeated with the same keys: each becomes one order, whether it was cut off or refused.
    for key in keys:
        acknowledged.setdefault(key, client.place(order(reference=key), key))

    ids = {response.json()["order_id"] for response in acknowledged.values()}
    assert len(ids) == ORDERS
    for order_id in ids:
        events = client.events(order_id).json()["items"]
        assert [(event["sequence"], event["type"]) for event in events] == [(1, "order_placed")]
    eventually(lambda: _references(client) >= Counter(keys), seconds=60, pause=1)
    assert all(count == 1 for count in _references(client).values()), "no order is there twice"


def _references(client: OrderClient) -> Counter[str]:
    """How many listed orders carry each reference."""
    found: Counter[str] = Counter()
    query = {"limit": "100"}
    while True:
        page = client.list(**query).json()
        found.update(item["reference"] for item in page["items"] if "reference" in item)
        if page["next"] is None:
            return found
        query["next"] = page["next"]
