"""Event source mappings of DynamoDB streams: one poller thread per mapping, so that none waits for another."""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from scripts.local import aliases, destinations, engine, roles, stream_batches
from scripts.local.aliases import FunctionNotFoundError
from scripts.local.functions import REQUEST_LIMIT_BYTES, Functions, RequestTooLargeError, Source
from scripts.local.settings import ACCOUNT_ID, REGION
from scripts.local.stream_batches import Answer, Condition, Placed, Policy
from scripts.local.wake import Wake

IDLE_CHECK_SECONDS = 1.0
SHARD_ID = "shardId-00000000000000000000-00000000"
_ROLE_ACTIONS = ("dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords")
logger = logging.getLogger("tradepost.event_sources")


class EventSources:
    """Runs a poller for every stream mapping that exists; SQS mappings stay with ministack's own loop."""

    def __init__(self, functions: Functions, wake: Wake, reached: Callable[[str, int], None]) -> None:
        self._functions = functions
        self._wake = wake
        self._reached = reached
        self._pollers: dict[str, StreamPoller] = {}
        self._stopping = threading.Event()

    def install(self) -> None:
        service = engine.service("lambda_svc")
        service._poll_dynamodb_streams = lambda: False
        for name in ("_create_esm", "_update_esm"):
            setattr(service, name, self._then_wake(getattr(service, name)))

    def start(self) -> None:
        """Begin to poll; only after the saved positions are back."""
        threading.Thread(target=self._supervise, name="event-sources", daemon=True).start()

    def stop(self) -> None:
        """Take no further batch; the ones at work finish."""
        self._stopping.set()
        self._wake.notify()

    def idle(self) -> bool:
        return not any(poller.is_alive() for poller in self._pollers.values())

    def _then_wake(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def operation_then_wake(*args: Any) -> Any:
            answer = operation(*args)
            self._wake.notify()
            return answer

        return operation_then_wake

    def _supervise(self) -> None:
        mappings = engine.service("lambda_svc")._esms
        event = self._wake.listen()
        while not self._stopping.is_set():
            event.clear()
            for (_, _, mapping_id), mapping in list(mappings._data.items()):
                poller = self._pollers.get(mapping_id)
                if ":dynamodb:" in mapping["EventSourceArn"] and (poller is None or not poller.is_alive()):
                    poller = StreamPoller(mapping_id, self._functions, self._wake, self._reached, self._stopping)
                    self._pollers[mapping_id] = poller
                    poller.start()
            event.wait(IDLE_CHECK_SECONDS)


class StreamPoller(threading.Thread):
    """Reads one stream for one mapping, in order, and remembers how far it came in the saved state."""

    def __init__(
        self,
        mapping_id: str,
        functions: Functions,
        wake: Wake,
        reached: Callable[[str, int], None],
        stopping: threading.Event,
    ) -> None:
        super().__init__(name=f"stream-{mapping_id[:8]}", daemon=True)
        self._id = mapping_id
        self._functions = functions
        self._wake = wake
        self._woken = wake.listen()
        self._reached = reached
        self._stopping = stopping
        self._lambda = engine.service("lambda_svc")
        self._tables = engine.service("dynamodb")

    def run(self) -> None:
        with engine.core("responses").request_scope(ACCOUNT_ID, REGION):
            while not self._stopping.is_set() and self._mapping is not None:
                self._woken.clear()
                try:
                    worked = self._poll()
                except Exception:
                    logger.exception("poller of mapping %s failed; it goes on", self._id)
                    worked = False
                if not worked:
                    self._woken.wait(IDLE_CHECK_SECONDS)
        self._wake.forget(self._woken)

    @property
    def _mapping(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._lambda._esms.get(self._id)
        return found

    def _poll(self) -> bool:
        """Process one batch; False when there is nothing to do."""
        mapping = self._mapping
        if mapping is None or not mapping.get("Enabled", True):
            return False
        table = _table_name(mapping["EventSourceArn"])
        if (self._tables._tables.get(table) or {}).get("LatestStreamArn") != mapping["EventSourceArn"]:
            return False
        if self._position(table) >= self._tables.stream_end_position(table) or not self._may_read(mapping):
            return False
        batch, end = self._read(mapping, table)
        matching = [placed for placed in batch if matches(placed.record, mapping)]
        for part in split_by_size(matching):
            if not stream_batches.deliver(part, Policy.of(mapping), self):
                return False
        self.checkpoint(end)
        mapping["LastProcessingResult"] = "OK" if matching else "No records processed"
        return True

    def _position(self, table: str) -> int:
        positions = self._lambda._dynamodb_stream_positions
        self._lambda._init_stream_position(self._id, self._source_arn(), (self._mapping or {}).get("StartingPosition"))
        return max(int(positions[self._id]), int(self._tables.stream_start_position(table)))

    def _source_arn(self) -> str:
        return str((self._mapping or {}).get("EventSourceArn", ""))

    def _read(self, mapping: dict[str, Any], table: str) -> tuple[list[Placed], int]:
        """Up to BatchSize records, waiting for more as long as the batching window allows; and where they end."""
        size = int(mapping.get("BatchSize") or 100)
        deadline = time.monotonic() + float(mapping.get("MaximumBatchingWindowInSeconds") or 0)
        start = self._position(table)
        while True:
            records = self._tables.stream_records_since(table, start, size)
            left = deadline - time.monotonic()
            if len(records) >= size or left <= 0 or self._stopping.is_set():
                return [Placed(start + index, record) for index, record in enumerate(records)], start + len(records)
            self._woken.wait(left)
            self._woken.clear()

    def _may_read(self, mapping: dict[str, Any]) -> bool:
        role, stream_arn = self._role(mapping), mapping["EventSourceArn"]
        lacking = [action for action in _ROLE_ACTIONS if not roles.allows(role, action, stream_arn)]
        if lacking:
            mapping["LastProcessingResult"] = f"PROBLEM: the execution role lacks {', '.join(lacking)} on the stream"
        return not lacking

    def _role(self, mapping: dict[str, Any]) -> str:
        name, qualifier = aliases.split_reference(mapping["FunctionArn"])
        try:
            return str(aliases.resolve(name, qualifier).config["Role"])
        except FunctionNotFoundError:
            return ""

    def invoke(self, records: Sequence[Placed]) -> Answer:
        mapping = self._mapping or {}
        name, qualifier = aliases.split_reference(str(mapping.get("FunctionArn", "")))
        try:
            event = {"Records": [placed.record for placed in records]}
            result = self._functions.invoke(name, qualifier, event, Source.STREAM)
        except (FunctionNotFoundError, RequestTooLargeError) as error:
            return Answer(json.dumps({"errorMessage": str(error)}).encode(), True, True, "$LATEST")
        if result.failed:
            mapping["LastProcessingResult"] = "PROBLEM: Function call failed"
        return Answer(result.payload, result.failed, result.throttle is not None, result.executed_version)

    def discard(self, records: Sequence[Placed], condition: Condition, attempts: int, answer: Answer | None) -> None:
        mapping = self._mapping or {}
        arn = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        if arn:
            destinations.send(arn, failure_record(mapping, records, condition, attempts, answer), self._role(mapping))

    def checkpoint(self, position: int) -> None:
        if self._mapping is not None:
            self._lambda._dynamodb_stream_positions[self._id] = position
            self._reached(self._id, position)

    def pause(self, seconds: float) -> bool:
        return not self._stopping.wait(seconds) and self._mapping is not None

    def now(self) -> float:
        return time.time()


def matches(record: dict[str, Any], mapping: dict[str, Any]) -> bool:
    """Whether a record passes the mapping's filter criteria (any of its patterns)."""
    patterns = [item["Pattern"] for item in (mapping.get("FilterCriteria") or {}).get("Filters") or []]
    rules = engine.service("eventbridge")
    return not patterns or any(
        rules._matches_detail(record, alternative)
        for pattern in patterns
        for alternative in rules._compile_pattern(json.loads(pattern))
    )


def split_by_size(records: list[Placed]) -> list[list[Placed]]:
    """Batches whose event stays under Lambda's 6 MB."""
    parts: list[list[Placed]] = []
    size = 0
    for placed in records:
        length = len(json.dumps(placed.record, ensure_ascii=False).encode()) + 2
        if not parts or size + length > REQUEST_LIMIT_BYTES - 1024:
            parts.append([])
            size = 0
        parts[-1].append(placed)
        size += length
    return parts


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


def _table_name(stream_arn: str) -> str:
    return stream_arn.split(":table/", 1)[1].split("/", 1)[0]
