"""Polls the stream of a DynamoDB table for one mapping, in order."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from scripts.local import engine
from scripts.local.functions import aliases, destinations
from scripts.local.functions.aliases import FunctionNotFoundError
from scripts.local.functions.functions import RequestTooLargeError, Source
from scripts.local.sources import mappings, stream_batches, stream_lanes
from scripts.local.sources.poller import Context, Poller
from scripts.local.sources.stream_batches import Answer, Condition, Placed, Policy

SHARD_ID = "shardId-00000000000000000000-00000000"


class StreamPoller(Poller):
    """Reads one stream for one mapping, in order, and remembers how far it came in the saved state."""

    def __init__(self, mapping_id: str, context: Context, reached: Callable[[str, int], None]) -> None:
        super().__init__(mapping_id, context)
        self._reached = reached
        self._tables = engine.service("dynamodb")

    def _poll(self, mapping: dict[str, Any]) -> bool:
        table = _table_name(mapping["EventSourceArn"])
        if (self._tables._tables.get(table) or {}).get("LatestStreamArn") != mapping["EventSourceArn"]:
            return False
        if self._position(table) >= self._tables.stream_end_position(table):
            return False
        if not mappings.may_poll(mapping, mappings.STREAM_ACTIONS):
            return False
        batch, end = self._read(mapping, table)
        self._polled(len(batch))
        matching = [placed for placed in batch if mappings.matches(placed.record, mapping)]
        if not self._deliver(mapping, matching, self._tables._tables[table]["KeySchema"]):
            return False
        self.checkpoint(end)
        mapping["LastProcessingResult"] = "OK" if matching else "No records processed"
        return True

    def _deliver(self, mapping: dict[str, Any], records: list[Placed], keys: list[dict[str, str]]) -> bool:
        policy, lanes = Policy.of(mapping), _lanes(mapping)
        if lanes > 1:
            partition_key = next(key["AttributeName"] for key in keys if key["KeyType"] == "HASH")
            return stream_lanes.deliver(records, partition_key, _batch_size(mapping), lanes, policy, self)
        parts = mappings.split_by_size(records, lambda placed: placed.record)
        return all(stream_batches.deliver(part, policy, self) for part in parts)

    def _position(self, table: str) -> int:
        positions = self._lambda._dynamodb_stream_positions
        self._lambda._init_stream_position(self._id, self._source_arn(), (self._mapping or {}).get("StartingPosition"))
        return max(int(positions[self._id]), int(self._tables.stream_start_position(table)))

    def _source_arn(self) -> str:
        return str((self._mapping or {}).get("EventSourceArn", ""))

    def _read(self, mapping: dict[str, Any], table: str) -> tuple[list[Placed], int]:
        """A batch for each lane, waiting for more as long as the batching window allows; and where they end."""
        size = _batch_size(mapping) * _lanes(mapping)
        deadline = time.monotonic() + float(mapping.get("MaximumBatchingWindowInSeconds") or 0)
        start = self._position(table)
        while True:
            records = self._tables.stream_records_since(table, start, size)
            left = deadline - time.monotonic()
            if len(records) >= size or left <= 0 or self._context.stopping.is_set():
                return [Placed(start + index, record) for index, record in enumerate(records)], start + len(records)
            self._woken.wait(left)
            self._woken.clear()

    def invoke(self, records: Sequence[Placed]) -> Answer:
        mapping = self._mapping or {}
        name, qualifier = aliases.split_reference(str(mapping.get("FunctionArn", "")))
        try:
            event = {"Records": [placed.record for placed in records]}
            age_ms = (time.time() - records[-1].created_at) * 1000
            for observer in self._context.on_batch:
                observer(name, max(0.0, age_ms))
            result = self._context.functions.invoke(name, qualifier, event, Source.STREAM)
        except (FunctionNotFoundError, RequestTooLargeError) as error:
            return Answer(json.dumps({"errorMessage": str(error)}).encode(), True, True, "$LATEST")
        if result.failed:
            mapping["LastProcessingResult"] = "PROBLEM: Function call failed"
        return Answer(result.payload, result.failed, result.throttle is not None, result.executed_version)

    def discard(self, records: Sequence[Placed], condition: Condition, attempts: int, answer: Answer | None) -> None:
        mapping = self._mapping or {}
        arn = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        if arn:
            destinations.send(
                arn, failure_record(mapping, records, condition, attempts, answer), mappings.role(mapping)
            )

    def checkpoint(self, position: int) -> None:
        if self._mapping is not None:
            self._lambda._dynamodb_stream_positions[self._id] = position
            self._reached(self._id, position)

    def pause(self, seconds: float) -> bool:
        return not self._context.stopping.wait(seconds) and self._mapping is not None

    def now(self) -> float:
        return time.time()


def failure_record(
    mapping: dict[str, Any], records: Sequence[Placed], condition: Condition, attempts: int, answer: Answer | None
) -> dict[str, Any]:
    """AWS's invocation record of a discarded stream batch; it names the records, it does not contain them."""
    response = answer and {
        "statusCode": 200,
        "executedVersion": answer.executed_version,
        "functionError": "Unhandled",
    }
    return {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": mapping["FunctionArn"],
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        **({"responseContext": response} if response else {}),
        "version": "1.0",
        "timestamp": destinations.timestamp(time.time(), fraction=True),
        "DDBStreamBatchInfo": {
            "shardId": SHARD_ID,
            "startSequenceNumber": records[0].sequence_number,
            "endSequenceNumber": records[-1].sequence_number,
            "approximateArrivalOfFirstRecord": destinations.timestamp(records[0].created_at),
            "approximateArrivalOfLastRecord": destinations.timestamp(records[-1].created_at),
            "batchSize": len(records),
            "streamArn": mapping["EventSourceArn"],
        },
    }


def _batch_size(mapping: dict[str, Any]) -> int:
    return int(mapping.get("BatchSize") or 100)


def _lanes(mapping: dict[str, Any]) -> int:
    return int(mapping.get("ParallelizationFactor") or 1)


def _table_name(stream_arn: str) -> str:
    return stream_arn.split(":table/", 1)[1].split("/", 1)[0]
