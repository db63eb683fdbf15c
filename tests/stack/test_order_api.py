"""An order's life over HTTP."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

import pytest

from scripts.client import OrderClient
from tests.stack.conftest import Stack
from tests.stack.orders import assert_problem, line, order
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("resting_orders")


def test_placed_order_can_be_read_at_once(client: OrderClient) -> None:
    body = order(line("MUG-BLUE", 2, 1250), line("TEE-RED-M", 1, 1999), reference="web-1001")
    placed = client.place(body)
    assert placed.status_code == 201, placed.text
    made = placed.json()
    assert made["status"] == "placed"
    assert made["total_amount"] == 2 * 1250 + 1999
    assert made["currency"] == "EUR"
    assert made["lines"] == body["lines"]
    assert made["reference"] == "web-1001"

    assert client.get(made["order_id"]).json() == made
    assert urljoin(placed.url, placed.headers["Location"]) == f"{client.base_url}/orders/{made['order_id']}"


def test_events_tell_the_order(client: OrderClient) -> None:
    order_id = client.place(order()).json()["order_id"]
    client.cancel(order_id, "customer changed their mind")

    page = client.events(order_id).json()
    assert page["next"] is None
    assert [(event["sequence"], event["type"], event["version"]) for event in page["items"]] == [
        (1, "order_placed", 2),
        (2, "order_canceled", 1),
    ]
    assert {event["order_id"] for event in page["items"]} == {order_id}
    assert len({event["event_id"] for event in page["items"]}) == 2
    assert page["items"][1]["data"]["reason"] == "customer changed their mind"


def test_events_page_by_page(client: OrderClient) -> None:
    order_id = client.place(order()).json()["order_id"]
    client.cancel(order_id, "twice")
    first = client.events(order_id, limit="1").json()
    assert [event["sequence"] for event in first["items"]] == [1]
    second = client.events(order_id, limit="1", next=first["next"]).json()
    assert [event["sequence"] for event in second["items"]] == [2]


def test_cancel_is_repeatable(client: OrderClient) -> None:
    order_id = client.place(order()).json()["order_id"]
    once = client.cancel(order_id, "out of budget")
    assert once.status_code == 200
    assert once.json()["status"] == "canceled"
    twice = client.cancel(order_id, "another reason")
    assert (twice.status_code, twice.json()) == (200, once.json())
    assert len(client.events(order_id).json()["items"]) == 2


def test_an_order_as_it_was(client: OrderClient) -> None:
    placed = client.place(order()).json()
    client.cancel(placed["order_id"], "too late")

    assert client.get(placed["order_id"]).json()["status"] == "canceled"
    assert client.get(placed["order_id"], at=placed["placed_at"]).json() == placed
    before = datetime.fromisoformat(placed["placed_at"]) - timedelta(seconds=1)
    assert_problem(client.get(placed["order_id"], at=_z(before)), 404, "not_found", "at")
    later = datetime.now(UTC) + timedelta(hours=1)
    assert client.get(placed["order_id"], at=_z(later)).json()["status"] == "canceled"


def test_list_by_status_pages_through_every_order(stack: Stack) -> None:
    client = stack.client("demo")
    ids = [client.place(order(reference=f"list-{number}")).json()["order_id"] for number in range(5)]
    for order_id in ids[:2]:
        client.cancel(order_id, "listed as canceled")

    def listed(status: str) -> list[str]:
        found: list[str] = []
        query = {"status": status, "limit": "2"}
        while True:
            page = client.list(**query).json()
            found += [item["order_id"] for item in page["items"]]
            if page["next"] is None:
                return found
            query["next"] = page["next"]

    eventually(lambda: [i for i in listed("canceled") if i in ids] == ids[1::-1])
    eventually(lambda: [i for i in listed("placed") if i in ids] == ids[:1:-1])
    canceled, placed = listed("canceled"), listed("placed")
    assert len(set(placed)) == len(placed)
    assert not set(placed) & set(canceled)


def test_a_partner_sees_only_its_own_orders(stack: Stack) -> None:
    mine, other = stack.client("demo"), stack.client("acme")
    order_id = mine.place(order()).json()["order_id"]
    eventually(lambda: order_id in [item["order_id"] for item in mine.list().json()["items"]])

    assert_problem(other.get(order_id), 404, "not_found")
    assert_problem(other.events(order_id), 404, "not_found")
    assert_problem(other.cancel(order_id, "not yours"), 404, "not_found")
    assert order_id not in [item["order_id"] for item in other.list().json()["items"]]
    assert mine.get(order_id).json()["status"] == "placed"


def _z(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
