from datetime import timedelta

import pytest

from shared.clock import from_text, to_text
from tests.component.orders.support import BODY, DETAILS, Call, Context, stream_records


@pytest.fixture
def canceled(call: Call, placed: str) -> str:
    assert call("POST", f"/orders/{placed}/cancel", {"reason": "too late"}).status == 200
    return placed


def test_an_order_is_shown_as_it_was_at_a_time(call: Call, canceled: str):
    placed_event, canceled_event = call("GET", f"/orders/{canceled}/events").json["items"]

    def at(moment: str):
        return call("GET", f"/orders/{canceled}", query={"at": moment})

    assert at(placed_event["occurred_at"]).json["sequence"] in {1, 2}
    assert at(canceled_event["occurred_at"]).json["status"] == "canceled"
    assert at("2999-01-01T00:00:00+02:00").json == call("GET", f"/orders/{canceled}").json
    before_cancel = to_text(from_text(canceled_event["occurred_at"]) - timedelta(milliseconds=1))
    if before_cancel >= placed_event["occurred_at"]:
        assert at(before_cancel).json["status"] == "placed"
    before = at(to_text(from_text(placed_event["occurred_at"]) - timedelta(milliseconds=1)))
    assert before.problem == (404, "not_found")
    assert placed_event["occurred_at"] in before.json["detail"]


def test_events_come_in_order_and_by_pages(call: Call, canceled: str):
    first = call("GET", f"/orders/{canceled}/events", query={"limit": "1"}).json
    second = call("GET", f"/orders/{canceled}/events", query={"limit": "1", "next": first["next"]}).json

    assert [event["type"] for event in first["items"] + second["items"]] == ["order_placed", "order_canceled"]
    assert second["next"] is None
    whole = call("GET", f"/orders/{canceled}/events").json
    assert whole == {"items": first["items"] + second["items"], "next": None}


@pytest.mark.parametrize("route", [("GET", ""), ("GET", "/events"), ("POST", "/cancel"), ("POST", "/refunds")])
def test_another_partners_order_does_not_exist(call: Call, placed: str, route: tuple[str, str]):
    method, rest = route
    body = {"/cancel": {"reason": "x"}, "/refunds": {"amount": 1, "reason": "x"}}.get(rest)
    theirs = call(method, f"/orders/{placed}{rest}", body, partner="partner-2", key="key-1")
    nobodys = call(method, "/orders/ord_01M84J3WXXK5X6TVQ8GQSWCYK7" + rest, body, key="key-1")

    assert theirs.problem == (404, "not_found")
    assert theirs.text == nobodys.text


def test_the_list_shows_own_orders_newest_first_by_pages(call: Call, handlers, cloud):
    ids = [call("POST", "/orders", BODY, key=f"key-{number}").json["order_id"] for number in range(5)]
    call("POST", "/orders", BODY, key="theirs", partner="partner-2")
    call("POST", f"/orders/{ids[1]}/cancel", {"reason": "x"})
    handlers["project"].handler({"Records": stream_records(cloud)}, Context())

    def pages(**query: str):
        items, token = [], None
        while True:
            page = call("GET", "/orders", query=query | ({"next": token} if token else {})).json
            items.append([item["order_id"] for item in page["items"]])
            token = page["next"]
            if token is None:
                return items

    newest_first = sorted(ids, reverse=True)
    assert pages() == [newest_first]
    assert pages(limit="2") == [newest_first[:2], newest_first[2:4], newest_first[4:]]
    assert pages(limit="5") == [newest_first]
    assert pages(status="canceled", limit="1") == [[ids[1]]]
    assert pages(status="placed", limit="4") == [[order_id for order_id in newest_first if order_id != ids[1]]]
    summary = call("GET", "/orders", query={"status": "canceled"}).json["items"][0]
    order = call("GET", f"/orders/{ids[1]}").json
    assert summary == {name: value for name, value in order.items() if name not in DETAILS}


def test_a_partner_without_orders_has_an_empty_list(call: Call):
    assert call("GET", "/orders").json == {"items": [], "next": None}


def test_a_token_of_one_partner_shows_another_only_its_own(call: Call, handlers, cloud):
    for number in range(3):
        call("POST", "/orders", BODY, key=f"key-{number}")
        call("POST", "/orders", BODY, key=f"key-{number}", partner="partner-2")
    handlers["project"].handler({"Records": stream_records(cloud)}, Context())
    token = call("GET", "/orders", query={"limit": "1"}).json["next"]
    theirs = {item["order_id"] for item in call("GET", "/orders", partner="partner-2").json["items"]}

    seen = call("GET", "/orders", query={"next": token}, partner="partner-2").json["items"]

    assert {item["order_id"] for item in seen} <= theirs


def test_canceling_twice_is_the_same_as_once(call: Call, canceled: str):
    once = call("GET", f"/orders/{canceled}")
    again = call("POST", f"/orders/{canceled}/cancel", {"reason": "another reason"})

    assert again.status == 200
    assert again.json == once.json
    assert len(call("GET", f"/orders/{canceled}/events").json["items"]) == 2
