"""What was acknowledged survives `make down` in the middle of the work."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from uuid import uuid4

import requests

from scripts.client import OrderClient
from tests.stack.conftest import Stack
from tests.stack.orders import order
from tests.waiting import eventually

CLIENTS = 16
ENOUGH = 100
"""Orders that are acknowledged before the cloud is told to go down."""
MOST_PER_CLIENT = 500
"""Bounds the test should the cloud not go down."""


@dataclass
class Clients:
    """CLIENTS clients that place orders until nobody answers any more, and what they were told."""

    client: OrderClient
    acknowledged: dict[str, requests.Response] = field(default_factory=dict)
    refused: list[requests.Response] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    """Keys of the requests that were refused or cut off, one of each client."""
    enough: Event = field(default_factory=Event)

    def place_until_it_is_down(self, _: int) -> None:
        for key in (str(uuid4()) for _ in range(MOST_PER_CLIENT)):
            try:
                response = self.client.place(order(reference=key), key)
            except requests.ConnectionError:
                self.unanswered.append(key)
                return
            if response.status_code != 201:
                self.refused.append(response)
                self.unanswered.append(key)
                return
            self.acknowledged[key] = response
            if len(self.acknowledged) >= ENOUGH:
                self.enough.set()


def test_down_in_the_middle_of_the_work_loses_no_order(stack: Stack, client: OrderClient) -> None:
    clients = Clients(client)
    with ThreadPoolExecutor(CLIENTS) as pool:
        ended = pool.map(clients.place_until_it_is_down, range(CLIENTS))
        try:
            assert clients.enough.wait(120), "the first orders went through"
        finally:
            stack.command("down")
        assert len(list(ended)) == CLIENTS
    stack.command("up")
    assert len(clients.unanswered) == CLIENTS, "the cloud went down in the middle of everyone's work"
    for answer in clients.refused:
        assert answer.status_code == 503, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"

    answers = clients.acknowledged
    for key, first in answers.items():
        assert client.place(order(reference=key), key).content == first.content, "the answer is kept with its key"
    # The rest may now be repeated with the same keys: each becomes one order, whether it was cut off or refused.
    for key in clients.unanswered:
        answers[key] = client.place(order(reference=key), key)

    ids = {response.json()["order_id"] for response in answers.values()}
    assert len(ids) == len(answers)
    for order_id in ids:
        events = client.events(order_id).json()["items"]
        assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
        assert [event["sequence"] for event in events if event["type"] == "order_placed"] == [1]
    eventually(lambda: _references(client) >= Counter(list(answers)), seconds=60, pause=1)
    listed = _references(client)
    assert {key: listed[key] for key in answers} == dict.fromkeys(answers, 1), "no order is there twice"


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
