"""Records that a failure points to: from the shard while it has them, else from the table."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.console import Failure
from scripts.oncall.redrive.streams import Pointer, Streams
from scripts.oncall.redrive.topology import StreamTrigger
from tests.unit.scripts.oncall.support import FUNCTION, STREAM, pointer

POINTER = Pointer.of(pointer()["DDBStreamBatchInfo"])
EVERYTHING = StreamTrigger(STREAM, FUNCTION, ())


def record(number: int, name: str = "INSERT") -> dict[str, Any]:
    return {
        "eventID": f"id-{number}",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": {
            "ApproximateCreationDateTime": datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC),
            "Keys": {"id": {"S": str(number)}},
            "NewImage": {"id": {"S": str(number)}, "blob": {"B": b"\x00\x01"}},
            "SequenceNumber": f"{number:06}",
            "SizeBytes": 9,
            "StreamViewType": "NEW_IMAGE",
        },
    }


class Gone(Exception):  # noqa: N818 - AWS's name
    pass


class Shard:
    """DynamoDB Streams with one shard, read two records at a time; without records it has forgotten them."""

    class exceptions:  # noqa: N801 - boto3's name
        TrimmedDataAccessException = Gone
        ResourceNotFoundException = Gone

    def __init__(self, records: list[dict[str, Any]] | None) -> None:
        self.records = records

    def get_shard_iterator(self, **given: Any) -> dict[str, str]:
        assert given["ShardIteratorType"] == "AT_SEQUENCE_NUMBER"
        if self.records is None:
            raise Gone
        first = next(
            i for i, one in enumerate(self.records) if one["dynamodb"]["SequenceNumber"] == given["SequenceNumber"]
        )
        return {"ShardIterator": str(first)}

    def get_records(self, ShardIterator: str) -> dict[str, Any]:  # noqa: N803
        assert self.records is not None
        begin = int(ShardIterator)
        return {"Records": self.records[begin : begin + 2], "NextShardIterator": str(begin + 2)}


class Table:
    """DynamoDB with one table of events."""

    def __init__(self, *items: dict[str, Any], view: str = "NEW_IMAGE") -> None:
        self.items = items
        self.view = view

    def get_paginator(self, _name: str) -> Any:
        table = self

        class Pages:
            def paginate(self, **_given: Any) -> list[dict[str, Any]]:
                return [{"Items": list(table.items)}]

        return Pages()

    def describe_table(self, TableName: str) -> dict[str, Any]:  # noqa: N803
        assert TableName == "tradepost-dev-order-events"
        keys = [{"AttributeName": "id", "KeyType": "HASH"}]
        return {"Table": {"KeySchema": keys, "StreamSpecification": {"StreamViewType": self.view}}}

    def get_item(self, **given: Any) -> dict[str, Any]:
        found = [one for one in self.items if one["id"] == given["Key"]["id"]]
        return {"Item": found[0]} if found else {}


def item(number: int, occurred_at: str) -> dict[str, Any]:
    return {"id": {"S": str(number)}, "occurred_at": {"S": occurred_at}, "mended": {"BOOL": True}}


class Patterns:
    """EventBridge, which lets only insertions through."""

    def test_event_pattern(self, EventPattern: str, Event: str) -> dict[str, bool]:  # noqa: N803
        names = json.loads(EventPattern)["detail"]["eventName"]
        return {"Result": json.loads(Event)["detail"]["eventName"] in names}


def test_the_shard_gives_exactly_the_batch_as_lambda_delivers_it() -> None:
    streams = Streams(Table(), Shard([record(number) for number in range(98, 105)]), Patterns())
    found = streams.records(POINTER, EVERYTHING)
    assert found.place == "stream"
    assert [one["eventID"] for one in found.records] == ["id-100", "id-101"]
    first = found.records[0]
    assert first["eventSourceARN"] == STREAM
    assert first["dynamodb"]["ApproximateCreationDateTime"] == 1767225601.0
    assert first["dynamodb"]["NewImage"]["blob"] == {"B": "AAE="}
    json.dumps(found.records)


def test_what_the_trigger_keeps_away_stays_away() -> None:
    streams = Streams(Table(), Shard([record(100), record(101, "MODIFY")]), Patterns())
    trigger = StreamTrigger(STREAM, FUNCTION, ('{"eventName": ["INSERT"]}',))
    assert [one["eventID"] for one in streams.records(POINTER, trigger).records] == ["id-100"]


def test_what_the_stream_has_forgotten_comes_from_the_table_by_its_time() -> None:
    table = Table(
        item(3, "2026-01-01T00:00:02.500Z"),
        item(1, "2025-12-31T23:59:00.000Z"),
        item(2, "2026-01-01T00:00:00.800Z"),
        item(4, "2026-01-01T00:01:00.000Z"),
    )
    found = Streams(table, Shard(None), Patterns()).records(POINTER, EVERYTHING)
    assert found.place == "table"
    assert [one["dynamodb"]["Keys"]["id"]["S"] for one in found.records] == ["2", "3"]
    assert {one["eventName"] for one in found.records} == {"INSERT"}
    numbers = [one["dynamodb"]["SequenceNumber"] for one in found.records]
    assert len(set(numbers)) == 2


def test_nothing_left_of_it_is_said() -> None:
    with pytest.raises(Failure, match="has forgotten"):
        Streams(Table(), Shard(None), Patterns()).records(POINTER, EVERYTHING)


def test_what_was_before_cannot_be_made_anew() -> None:
    table = Table(item(2, "2026-01-01T00:00:00.800Z"), view="NEW_AND_OLD_IMAGES")
    with pytest.raises(Failure, match="what its items were before"):
        Streams(table, Shard(None), Patterns()).records(POINTER, EVERYTHING)


def test_items_that_were_mended_are_taken_as_they_are_now() -> None:
    table = Table(item(100, "2026-01-01T00:00:01.000Z"), item(101, "2026-01-01T00:00:01.000Z"))
    streams = Streams(table, Shard([record(100), record(101)]), Patterns())
    found = streams.records(POINTER, EVERYTHING, as_they_are=True)
    assert found.place == "table"
    assert all(one["dynamodb"]["NewImage"]["mended"] == {"BOOL": True} for one in found.records)
    assert [one["dynamodb"]["SequenceNumber"] for one in found.records] == ["000100", "000101"]


def test_a_mended_item_that_is_gone_is_said() -> None:
    with pytest.raises(Failure, match="any more"):
        Streams(Table(), Shard([record(100), record(101)]), Patterns()).records(POINTER, EVERYTHING, as_they_are=True)
