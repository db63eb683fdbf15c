"""The function alert: records of the stock's stream in, events on the bus out."""

import json
from types import ModuleType
from typing import Any

import pytest

from tests.component.bus import Bus
from tests.component.gateway import Call, Context
from tests.component.inventory.support import BUS, MUG, STOCK, TEA, Command, new_order

type Handlers = dict[str, ModuleType]
type Records = list[dict[str, Any]]


def told(bus: Bus) -> list[tuple[str, str]]:
    """(type, article) of what is on the bus."""
    return [(entry["DetailType"], json.loads(entry["Detail"])["sku"]) for entry in bus.accepted]


@pytest.fixture
def records(call: Call, command: Command, cloud: Any) -> Records:
    """The stream of a day: tea gets low, comes back, gets low again; there never were mugs."""
    images: dict[str, Any] = {}
    stream: Records = []

    def record() -> None:
        for item in cloud.scan(TableName=STOCK)["Items"]:
            sku = item["sku"]["S"]
            if images.get(sku) != item:
                before = {"OldImage": images[sku]} if sku in images else {}
                change = {"Keys": {"sku": item["sku"]}, "NewImage": item, "SequenceNumber": str(100 + len(stream))}
                stream.append({"eventName": "MODIFY" if before else "INSERT", "dynamodb": {**change, **before}})
                images[sku] = item

    order = new_order()
    for step in (
        lambda: call("PUT", f"/stock/{TEA}", {"on_hand": 8}),
        lambda: call("PUT", f"/stock/{MUG}", {"on_hand": 0}),
        lambda: command("reserve", new_order(), lines={TEA: 1}),
        lambda: command("reserve", order, lines={TEA: 2}),
        lambda: command("reserve", new_order(), lines={TEA: 1}),
        lambda: command("release", order),
        lambda: call("PUT", f"/stock/{TEA}", {"on_hand": 8, "low_stock_threshold": 6}),
    ):
        step()
        record()
    return stream


TOLD = [("stock_low", MUG), ("stock_low", TEA), ("stock_back", TEA), ("stock_low", TEA)]


def run(handlers: Handlers, records: Records, remaining: int = 30_000) -> list[str]:
    answer = handlers["alert"].handler({"Records": records}, Context(remaining))
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_each_crossing_is_told_once(handlers: Handlers, records: Records, monkeypatch: pytest.MonkeyPatch):
    bus = Bus(monkeypatch)

    assert run(handlers, records) == []
    assert sorted(told(bus)) == sorted(TOLD)
    assert [one for one in told(bus) if one[1] == TEA] == [one for one in TOLD if one[1] == TEA]
    for entry in bus.accepted:
        assert (entry["EventBusName"], entry["Source"]) == (BUS, "tradepost.inventory")


def test_records_that_come_again_make_the_same_events(
    handlers: Handlers, records: Records, monkeypatch: pytest.MonkeyPatch
):
    bus = Bus(monkeypatch)
    for batch in (records, records[3:], records[:2], records):
        run(handlers, batch)

    ids = {json.loads(entry["Detail"])["event_id"] for entry in bus.accepted}
    assert len(ids) == len(TOLD)


def test_only_the_records_of_refused_events_come_again(
    handlers: Handlers, records: Records, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    bus = Bus(monkeypatch, "stock_back")

    failed = run(handlers, records, remaining=14_000)

    later = [record["dynamodb"]["SequenceNumber"] for record in records[-2:]]
    assert failed == later, "the event behind the refused one is held back with it"
    assert ("stock_low", MUG) in told(bus)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    logged = [line for line in lines if line.get("message") == "event not published; its record comes again"]
    assert [line["sku"] for line in logged] == [TEA, TEA]


def test_a_record_that_cannot_be_read_fails_alone(
    handlers: Handlers, records: Records, monkeypatch: pytest.MonkeyPatch
):
    bus = Bus(monkeypatch)
    strange = {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "9", "NewImage": {"sku": {"S": TEA}}}}

    assert run(handlers, [strange, *records]) == ["9"]
    assert len(bus.accepted) == len(TOLD)


def test_an_article_that_is_removed_says_nothing(handlers: Handlers, records: Records, monkeypatch: pytest.MonkeyPatch):
    bus = Bus(monkeypatch)
    change = {"SequenceNumber": "9", "OldImage": records[0]["dynamodb"]["NewImage"]}

    assert run(handlers, [{"eventName": "REMOVE", "dynamodb": change}]) == []
    assert bus.accepted == []


def test_the_client_and_the_service_take_the_entries(handlers: Handlers, records: Records):
    assert run(handlers, records) == []
