"""Records of a DynamoDB stream that a failure points to: read again from their shard, else made anew from the table.

A stream keeps its records for 24 hours. After that the table tells what is left: the items that changed in the time of
the batch. That may be more than the batch had, which consumers bear (they are idempotent), and is never less, unless an
item was deleted or changed again since: its newest state is then what is told.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from scripts.console import fail

if TYPE_CHECKING:
    from scripts.oncall.redrive.topology import StreamTrigger

type Record = dict[str, Any]
"""One record as Lambda delivers it."""

TIMES = ("occurred_at", "updated_at", "created_at")
"""Attributes with the time of an item's last change, by our conventions; an item has at least one of them."""

EMPTY_PAGES = 20
"""A shard may answer with nothing though there is more; after so many times in a row there is not."""

BEFORE = timedelta(seconds=5)
AFTER = timedelta(seconds=2)
"""An item's time is taken before it is written, which may take some tries; a record's is cut to the second."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """DDBStreamBatchInfo: where the records are, and when the first and last of them came."""

    stream_arn: str
    shard_id: str
    start: str
    end: str
    first: datetime
    last: datetime

    @classmethod
    def of(cls, info: dict[str, Any]) -> Pointer:
        first, last = (
            datetime.fromisoformat(info[f"approximateArrivalOf{which}Record"]).astimezone(UTC)
            for which in ("First", "Last")
        )
        start, end = str(info["startSequenceNumber"]), str(info["endSequenceNumber"])
        return cls(info["streamArn"], info["shardId"], start, end, first, last)

    @property
    def table(self) -> str:
        """Name of the stream's table: arn:...:table/<name>/stream/<label>."""
        return self.stream_arn.split("/")[1]


@dataclass(frozen=True, slots=True)
class Found:
    """Records and where they came from: "stream" or "table"."""

    records: list[Record]
    place: str


class Streams:
    """Reads records again. The clients are boto3's of DynamoDB, its streams and EventBridge."""

    def __init__(self, dynamodb: Any, streams: Any, events: Any) -> None:
        self._dynamodb = dynamodb
        self._streams = streams
        self._events = events

    def records(self, pointer: Pointer, trigger: StreamTrigger, *, as_they_are: bool = False) -> Found:
        """Return the records that the trigger delivers of those that are pointed to.

        With `as_they_are` they show the items as the table has them now, not as they were: for items that were mended.

        Raises:
            Failure: they are neither in the stream nor in the table.
        """
        found, place = self._from_shard(pointer), "stream"
        if found is None:
            found, place = self._from_table(pointer), "table"
        elif as_they_are:
            found, place = [self._as_it_is(record, pointer.table) for record in found], "table"
        region = pointer.stream_arn.split(":")[3]
        shaped = [{**one, "eventSourceARN": pointer.stream_arn, "awsRegion": region} for one in found]
        return Found([one for one in shaped if self._passes(one, trigger)], place)

    def _from_shard(self, pointer: Pointer) -> list[Record] | None:
        """The records as the shard has them; None when it has forgotten the first of them."""
        codes = self._streams.exceptions
        try:
            iterator = self._streams.get_shard_iterator(
                StreamArn=pointer.stream_arn,
                ShardId=pointer.shard_id,
                ShardIteratorType="AT_SEQUENCE_NUMBER",
                SequenceNumber=pointer.start,
            )["ShardIterator"]
            found: list[Record] = []
            empty = 0
            while iterator and empty < EMPTY_PAGES:
                answer = self._streams.get_records(ShardIterator=iterator)
                empty = 0 if answer["Records"] else empty + 1
                for record in answer["Records"]:
                    if int(record["dynamodb"]["SequenceNumber"]) > int(pointer.end):
                        return found
                    found.append(_delivered(record))
                if found and int(found[-1]["dynamodb"]["SequenceNumber"]) >= int(pointer.end):
                    return found
                iterator = answer.get("NextShardIterator")
        except (codes.TrimmedDataAccessException, codes.ResourceNotFoundException):
            return None
        if found:
            fail(f"the stream of {pointer.table} did not show all of the records", "try again in a minute")
        return None

    def _as_it_is(self, record: Record, table: str) -> Record:
        keys = record["dynamodb"]["Keys"]
        item = self._dynamodb.get_item(TableName=table, Key=_native(keys), ConsistentRead=True).get("Item")
        if item is None:
            fail(
                f"{table} has no item {json.dumps(keys)} any more", "replay the record as it was: without --as-they-are"
            )
        return {**record, "dynamodb": {**record["dynamodb"], "NewImage": _plain(item)}}

    def _from_table(self, pointer: Pointer) -> list[Record]:
        """Insertions made of the items whose time lies within the batch's; a batch a second long has few."""
        described = self._dynamodb.describe_table(TableName=pointer.table)["Table"]
        view = (described.get("StreamSpecification") or {}).get("StreamViewType", "")
        if "OLD" in view:
            fail(
                f"the stream has forgotten these records, and {pointer.table} does not tell what its items were before",
                "see what the consumer would have done with them, do it by hand, and --purge the message",
            )
        keys = [one["AttributeName"] for one in described["KeySchema"]]
        begin, end = _text(pointer.first - BEFORE), _text(pointer.last + AFTER)
        names = {f"#t{number}": name for number, name in enumerate(TIMES)}
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=pointer.table,
            FilterExpression=" OR ".join(f"{name} BETWEEN :begin AND :end" for name in names),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":begin": {"S": begin}, ":end": {"S": end}},
            ConsistentRead=True,
        )
        items = [item for page in pages for item in page["Items"] if begin <= _changed_at(item) <= end]
        if not items:
            fail(
                f"the stream has forgotten these records and {pointer.table} has no item of {begin} to {end}",
                "what was deleted can be neither read nor replayed; restore the table to that time to see it",
            )
        ordered = sorted(items, key=lambda item: (_changed_at(item), json.dumps([item[key] for key in keys])))
        return [_insertion(item, keys, number, pointer) for number, item in enumerate(ordered)]

    def _passes(self, record: Record, trigger: StreamTrigger) -> bool:
        """Whether the trigger's filter lets the record through, by EventBridge's own judgement."""
        if not trigger.patterns:
            return True
        event: dict[str, Any] = dict.fromkeys(("id", "account", "source", "region", "detail-type"), "")
        event |= {"time": _text(datetime.now(UTC)), "resources": [], "detail": record}
        return any(
            self._events.test_event_pattern(
                EventPattern=json.dumps({"detail": json.loads(pattern)}), Event=json.dumps(event)
            )["Result"]
            for pattern in trigger.patterns
        )


def _delivered(record: dict[str, Any]) -> Record:
    """A record of GetRecords in the shape in which Lambda delivers it."""
    content = record["dynamodb"]
    return {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": record["eventVersion"],
        "eventSource": record["eventSource"],
        "dynamodb": {name: _plain(value) for name, value in content.items()},
        **({"userIdentity": _identity(record["userIdentity"])} if record.get("userIdentity") else {}),
    }


def _identity(identity: dict[str, str]) -> dict[str, str]:
    return {"principalId": identity.get("PrincipalId", ""), "type": identity.get("Type", "")}


def _plain(value: Any) -> Any:
    """Times as epoch seconds and bytes as base64, as Lambda writes them."""
    match value:
        case datetime():
            return value.timestamp()
        case bytes():
            return base64.b64encode(value).decode()
        case dict():
            return {name: _plain(part) for name, part in value.items()}
        case list():
            return [_plain(part) for part in value]
    return value


def _native(keys: Record) -> Record:
    """Keys of a record as boto3 takes them: bytes instead of base64."""
    return {name: {"B": base64.b64decode(value["B"])} if "B" in value else value for name, value in keys.items()}


def _insertion(item: dict[str, Any], keys: list[str], number: int, pointer: Pointer) -> Record:
    return {
        # The same for each replay of the same item.
        "eventID": json.dumps([item[key] for key in keys]),
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "ApproximateCreationDateTime": pointer.first.timestamp(),
            "Keys": {key: _plain(item[key]) for key in keys},
            "NewImage": _plain(item),
            # Made up, but in order and distinct: a partial batch response names records by it.
            "SequenceNumber": str(int(pointer.start) + number),
            "SizeBytes": len(json.dumps(_plain(item))),
            "StreamViewType": "NEW_IMAGE",
        },
    }


def _changed_at(item: dict[str, Any]) -> str:
    return next((str(item[name]["S"]) for name in TIMES if "S" in item.get(name, {})), "")


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
