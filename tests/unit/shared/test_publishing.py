import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.events import Event
from shared.publishing import ATTEMPTS, HELD_BACK, MAX_BYTES, MAX_ENTRIES, OUT_OF_TIME, TOO_LARGE, Failure, Publisher


def event(order: str, sequence: int, text: str = "") -> Event:
    return Event(f"{order}/{sequence}", "happened", 1, "2026-01-01T00:00:00.000Z", order, sequence, "c", {"text": text})


class Bus:
    """Takes entries as EventBridge does; ``refuse`` maps an event id to how often it is refused first."""

    def __init__(self, refuse: dict[str, int] | None = None, errors: list[Exception] | None = None) -> None:
        self.refuse = refuse or {}
        self.errors = errors or []
        self.calls: list[list[str]] = []
        self.accepted: list[str] = []

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - the API's name
        ids = [json.loads(entry["Detail"])["event_id"] for entry in Entries]
        self.calls.append(ids)
        size = sum(14 + len(e["Source"]) + len(e["DetailType"]) + len(e["Detail"].encode()) for e in Entries)
        assert 1 <= len(Entries) <= 10
        assert size <= 256 * 1024
        if self.errors:
            raise self.errors.pop(0)
        return {"Entries": [self._take(event_id) for event_id in ids]}

    def _take(self, event_id: str) -> dict[str, str]:
        if self.refuse.get(event_id, 0) > 0:
            self.refuse[event_id] -= 1
            return {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
        self.accepted.append(event_id)
        return {"EventId": "1"}


def publish(bus: Bus, events: list[Event], remaining: float = 60) -> tuple[list[Failure], list[float]]:
    waits: list[float] = []
    publisher = Publisher(bus, "bus", "tradepost.test", sleep=waits.append)
    return publisher.publish(events, lambda: remaining - sum(waits)), waits


def test_calls_are_cut_by_count():
    bus = Bus()
    assert publish(bus, [event(f"o{n}", 1) for n in range(25)]) == ([], [])
    assert [len(call) for call in bus.calls] == [10, 10, 5]
    assert MAX_ENTRIES == 10


def test_calls_are_cut_by_bytes():
    bus = Bus()
    events = [event(f"o{n}", 1, "é" * 20_000) for n in range(5)]  # 120 KB each as escaped JSON
    assert publish(bus, events) == ([], [])
    assert [len(call) for call in bus.calls] == [2, 2, 1]


def test_an_event_that_fits_no_call_fails_at_once_with_those_behind_it():
    bus = Bus()
    too_large = event("o1", 1, "x" * MAX_BYTES)
    failures, waits = publish(bus, [too_large, event("o1", 2), event("o2", 1)])
    assert [(failure.event.event_id, failure.reason) for failure in failures] == [
        ("o1/1", TOO_LARGE),
        ("o1/2", HELD_BACK),
    ]
    assert bus.accepted == ["o2/1"]
    assert waits == []


def test_only_refused_events_are_sent_again_after_a_growing_pause():
    bus = Bus(refuse={"o1/1": 2})
    failures, waits = publish(bus, [event("o1", 1), event("o2", 1)])
    assert failures == []
    assert bus.calls == [["o1/1", "o2/1"], ["o1/1"], ["o1/1"]]
    assert len(waits) == 2
    assert 0.05 <= waits[0] <= 0.1 <= waits[1] <= 0.2


def test_what_is_refused_to_the_end_is_reported_with_the_reason():
    bus = Bus(refuse={"o1/1": 99})
    failures, waits = publish(bus, [event("o1", 1), event("o1", 2), event("o2", 1)])
    assert [(failure.event.event_id, failure.reason) for failure in failures] == [
        ("o1/1", "ThrottlingException"),
        ("o1/2", HELD_BACK),
    ]
    assert bus.accepted == ["o2/1"]
    assert len(waits) == ATTEMPTS - 1


def test_a_call_that_fails_as_a_whole_is_tried_again():
    throttled = ClientError({"Error": {"Code": "ThrottlingException", "Message": "no"}}, "PutEvents")
    bus = Bus(errors=[throttled, EndpointConnectionError(endpoint_url="x")])
    failures, waits = publish(bus, [event("o1", 1)])
    assert failures == []
    assert len(waits) == 2


def test_no_retry_begins_that_the_remaining_time_does_not_cover():
    bus = Bus(refuse={"o1/1": 99})
    failures, waits = publish(bus, [event("o1", 1)], remaining=14.01)
    assert len(failures) == 1
    assert waits == []


def test_no_call_begins_that_could_outlast_the_function():
    """Each call hangs for 10 s, as when EventBridge does not answer."""
    seconds_left = [30.0]

    class Hanging(Bus):
        def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - the API's name
            seconds_left[0] -= 10
            return super().put_events(Entries=Entries)

    bus = Hanging()
    publisher = Publisher(bus, "bus", "tradepost.test", sleep=lambda _: None)
    failures = publisher.publish([event(f"o{n}", 1) for n in range(50)], lambda: seconds_left[0])

    assert len(bus.accepted) == 20
    assert {failure.reason for failure in failures} == {OUT_OF_TIME}
    assert [failure.event.subject for failure in failures] == [f"o{n}" for n in range(20, 50)]
    assert seconds_left[0] > 0


@pytest.mark.parametrize("count", [0, 1])
def test_few_events(count: int):
    bus = Bus()
    assert publish(bus, [event("o", n + 1) for n in range(count)]) == ([], [])
    assert len(bus.calls) == count


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 4), max_size=30),
    st.dictionaries(st.tuples(st.integers(0, 4), st.integers(1, 6)), st.integers(1, 7), max_size=6),
)
def test_each_event_is_accepted_once_in_the_orders_order_or_reported(
    orders: list[int], refusals: dict[tuple[int, int], int]
):
    counts: dict[int, int] = {}
    events = []
    for order in orders:
        counts[order] = counts.get(order, 0) + 1
        events.append(event(f"o{order}", counts[order]))
    bus = Bus(refuse={f"o{order}/{sequence}": times for (order, sequence), times in refusals.items()})

    failures, _ = publish(bus, events)

    reported = [failure.event.event_id for failure in failures]
    assert sorted(bus.accepted + reported) == sorted(e.event_id for e in events)
    for order in set(orders):
        accepted = [int(i.split("/")[1]) for i in bus.accepted if i.startswith(f"o{order}/")]
        assert accepted == list(range(1, len(accepted) + 1))
