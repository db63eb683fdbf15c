"""Traces: which are asked for, and how they become a tree."""

import json
from itertools import pairwise
from typing import Any

import pytest

from scripts import traces
from scripts.traces import Row

STAGE: dict[str, Any] = {
    "id": "a",
    "name": "api/v1",
    "origin": "AWS::ApiGateway::Stage",
    "start_time": 100.0,
    "end_time": 101.0,
    "subsegments": [{"id": "b", "name": "Lambda", "start_time": 100.2, "end_time": 100.9}],
}
FUNCTION: dict[str, Any] = {
    "id": "c",
    "parent_id": "b",
    "name": "orders",
    "origin": "AWS::Lambda",
    "start_time": 100.3,
    "end_time": 100.8,
    "fault": True,
}
LATER: dict[str, Any] = {
    "id": "d",
    "parent_id": "gone",
    "name": "bus",
    "start_time": 100.85,
    "in_progress": True,
    "links": [{"trace_id": "1-2-3", "id": "e"}],
}


class FakeXray:
    """GetTraceSummaries and BatchGetTraces."""

    def __init__(self, ids: list[str]) -> None:
        self.ids = ids
        self.asked: list[dict[str, Any]] = []

    def get_paginator(self, operation: str) -> Any:
        fake = self

        class Paginator:
            def paginate(self, **query: Any) -> Any:
                fake.asked.append(query)
                if operation == "get_trace_summaries":
                    yield {"TraceSummaries": [{"Id": one, "StartTime": number} for number, one in enumerate(fake.ids)]}
                    return
                wanted = [one for one in query["TraceIds"] if one in fake.ids]
                segments = [{"Id": "a", "Document": json.dumps(STAGE)}]
                yield {"Traces": [{"Id": one, "Segments": segments} for one in wanted]}

        return Paginator()


def test_segments_stand_below_what_called_them_with_offset_and_duration() -> None:
    rows = traces.tree([FUNCTION, LATER, STAGE])
    assert [(row.depth, row.name) for row in rows] == [(0, "api/v1"), (1, "Lambda"), (2, "orders"), (0, "bus")]
    stage, _, function, bus = rows
    assert stage == Row(0, "api/v1", "AWS::ApiGateway::Stage", 0.0, 1.0, "")
    assert (function.offset, function.duration) == pytest.approx((0.3, 0.5))
    assert function.notes == "fault"
    assert (bus.duration, bus.notes) == (0.0, "in_progress, linked to 1-2-3")


def test_traces_are_fetched_five_at_a_time() -> None:
    ids = [f"1-0000000{number}-{'0' * 24}" for number in range(7)]
    client = FakeXray(ids[:-1])
    assert [found for found, _ in traces.get(client, ids)] == ids[:-1]
    assert [len(query["TraceIds"]) for query in client.asked] == [5, 2]


def test_a_long_period_is_asked_for_in_ranges_without_gaps() -> None:
    client = FakeXray([])
    traces.summaries(client, 15 * 3600, "fault")
    ranges = [(query["StartTime"], query["EndTime"]) for query in client.asked]
    assert all(earlier[0] == later[1] for earlier, later in pairwise(ranges))
    assert ranges[0][1] - ranges[-1][0] == pytest.approx(15 * 3600 + 1, abs=1)
    assert all(end - start <= 6 * 3600 for start, end in ranges)
    assert {query["FilterExpression"] for query in client.asked} == {"fault"}
