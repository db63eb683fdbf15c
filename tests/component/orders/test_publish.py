import json
from types import ModuleType
from typing import Any

import pytest

from tests.component.bus import Bus
from tests.component.orders.support import BODY, BUS, Call, Context, Tell, stream_records

type Handlers = dict[str, ModuleType]


@pytest.fixture
def records(call: Call, cloud: Any) -> list[dict[str, Any]]:
    """Stream records of a canceled order and a placed one."""
    ids = [call("POST", "/orders", BODY, key=f"key-{number}").json["order_id"] for number in range(2)]
    call("POST", f"/orders/{ids[0]}/cancel", {"reason": "x"})
    return stream_records(cloud)


def test_each_event_goes_to_the_bus_as_it_is_stored(
    call: Call, handlers: Handlers, records: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
):
    bus = Bus(monkeypatch)

    assert handlers["publish"].handler({"Records": records}, Context()) == {"batchItemFailures": []}

    ids = {record["dynamodb"]["Keys"]["order_id"]["S"] for record in records}
    stored = [event for order_id in ids for event in call("GET", f"/orders/{order_id}/events").json["items"]]
    sent = [json.loads(entry["Detail"]) for entry in bus.accepted]
    assert sorted(sent, key=lambda event: event["event_id"]) == sorted(stored, key=lambda event: event["event_id"])
    for entry in bus.accepted:
        assert entry["EventBusName"] == BUS
        assert entry["Source"] == "tradepost.orders"
        assert entry["DetailType"] == json.loads(entry["Detail"])["type"]


def test_the_client_and_the_service_take_the_entries(handlers: Handlers, records: list[dict[str, Any]]):
    assert handlers["publish"].handler({"Records": records}, Context()) == {"batchItemFailures": []}


def test_only_the_records_of_refused_events_come_again(
    handlers: Handlers, records: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
):
    bus = Bus(monkeypatch, "order_canceled")

    answer = handlers["publish"].handler({"Records": records}, Context(remaining=14_000))

    [canceled] = [r for r in records if r["dynamodb"]["NewImage"]["type"]["S"] == "order_canceled"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": canceled["dynamodb"]["SequenceNumber"]}]}
    assert [entry["DetailType"] for entry in bus.accepted] == ["order_placed", "order_placed"]


def test_only_inserted_records_are_events(
    handlers: Handlers, records: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
):
    bus = Bus(monkeypatch)
    others = [record | {"eventName": name} for record in records for name in ("MODIFY", "REMOVE")]

    assert handlers["publish"].handler({"Records": others}, Context()) == {"batchItemFailures": []}
    assert bus.accepted == []


def test_a_record_that_is_no_event_fails_alone(
    handlers: Handlers, records: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
):
    bus = Bus(monkeypatch)
    strange = {
        "eventName": "INSERT",
        "dynamodb": {"SequenceNumber": "999", "NewImage": {"order_id": {"S": "x"}}},
    }

    answer = handlers["publish"].handler({"Records": [strange, *records]}, Context())

    assert answer == {"batchItemFailures": [{"itemIdentifier": "999"}]}
    assert len(bus.accepted) == len(records)


def test_a_confirmation_is_timed_from_the_order_on(
    handlers: Handlers, tell: Tell, placed: str, cloud: Any, capsys: pytest.CaptureFixture[str]
):
    tell("confirm", placed)
    handlers["publish"].handler({"Records": stream_records(cloud)}, Context())

    [confirmed] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"TimeToConfirm"' in line]
    [milliseconds] = confirmed["TimeToConfirm"]
    assert 0 <= milliseconds < 60_000
    assert confirmed["service"] == "orders"
