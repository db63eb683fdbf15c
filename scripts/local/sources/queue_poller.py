"""Polls an SQS queue for one mapping: batches in parallel, but of each FIFO group one at a time."""

from __future__ import annotations

import json
import threading
import time
from itertools import batched
from typing import Any

from scripts.local import engine
from scripts.local.functions import aliases, destinations
from scripts.local.functions.aliases import FunctionNotFoundError
from scripts.local.functions.functions import RequestTooLargeError, Source
from scripts.local.settings import ACCOUNT_ID, REGION
from scripts.local.sources import mappings, queue_batches
from scripts.local.sources.poller import IDLE_CHECK_SECONDS, Context, Poller
from scripts.local.sources.queue_batches import Message, Record

DEFAULT_CONCURRENCY = 5
"""Lambda begins with five batches at a time; on AWS it then adds more as long as messages wait."""

RECEIVE_LIMIT = 10
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0


class QueuePoller(Poller):
    """Receives batches as long as fewer than the mapping's maximum are at work; deletes what was processed.

    What failed becomes visible again when the queue's visibility timeout is over. Messages of a FIFO group stay in
    order because SQS hands out no message of a group while others of it are in flight.
    """

    def __init__(self, mapping_id: str, context: Context) -> None:
        super().__init__(mapping_id, context)
        self._workers: set[threading.Thread] = set()
        self._throttles = 0
        self._paused_until = 0.0

    def _poll(self, mapping: dict[str, Any]) -> bool:
        queue = engine.service("sqs")._queue_by_arn(mapping["EventSourceArn"])
        if queue is None or time.monotonic() < self._paused_until:
            return False
        self._workers = {worker for worker in self._workers if worker.is_alive()}
        if len(self._workers) >= _concurrency(mapping) or not _has_visible(queue):
            return False
        if not mappings.may_poll(mapping, mappings.QUEUE_ACTIONS):
            return False
        messages = self._receive(mapping, queue)
        if messages:
            self._polled(len(messages))
            worker = threading.Thread(
                target=self._work, args=(mapping, queue["url"], messages), name="queue-batch", daemon=True
            )
            self._workers.add(worker)
            worker.start()
        return bool(messages)

    def _idle_seconds(self) -> float:
        """Until the next message becomes visible, the pause ends, or it is time to look again."""
        queue = engine.service("sqs")._queue_by_arn((self._mapping or {}).get("EventSourceArn", ""))
        now = time.time()
        later = [float(message["visible_at"]) - now for message in list((queue or {}).get("messages", []))]
        pause = self._paused_until - time.monotonic()
        return min([IDLE_CHECK_SECONDS, *(wait for wait in [*later, pause] if wait > 0)])

    def _finish(self) -> None:
        for worker in self._workers:
            worker.join()

    def _receive(self, mapping: dict[str, Any], queue: dict[str, Any]) -> list[Message]:
        """Up to BatchSize messages, waiting for more as long as the batching window of a standard queue allows."""
        size = int(mapping.get("BatchSize") or RECEIVE_LIMIT)
        deadline = time.monotonic() + float(mapping.get("MaximumBatchingWindowInSeconds") or 0)
        found: list[Message] = []
        while True:
            self._woken.clear()
            received = _receive_once(queue["url"], min(RECEIVE_LIMIT, size - len(found)))
            found += received
            left = deadline - time.monotonic()
            if not found or len(found) >= size or left <= 0 or self._context.stopping.is_set():
                return found
            if not received:
                self._woken.wait(min(left, self._idle_seconds()))

    def _work(self, mapping: dict[str, Any], url: str, messages: list[Message]) -> None:
        with engine.core("responses").request_scope(ACCOUNT_ID, REGION):
            records = [queue_batches.record(message, mapping["EventSourceArn"]) for message in messages]
            matching = [record for record in records if mappings.matches(_for_filter(record), mapping)]
            try:
                _delete(url, [record for record in records if record not in matching])
                for part in mappings.split_by_size(matching, lambda record: record):
                    _delete(url, self._invoke(mapping, part))
            finally:
                self._context.changed()
                self._woken.set()

    def _invoke(self, mapping: dict[str, Any], records: list[Record]) -> list[Record]:
        """Run the function; the records that are done. A throttled mapping polls less often."""
        name, qualifier = aliases.split_reference(str(mapping["FunctionArn"]))
        try:
            result = self._context.functions.invoke(name, qualifier, {"Records": records}, Source.QUEUE)
        except (FunctionNotFoundError, RequestTooLargeError) as error:
            mapping["LastProcessingResult"] = f"PROBLEM: {error}"
            return []
        if result.throttle:
            self._paused_until = time.monotonic() + min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**self._throttles)
            self._throttles += 1
            return []
        self._throttles = 0
        mapping["LastProcessingResult"] = "PROBLEM: Function call failed" if result.failed else "OK"
        partial = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ())
        return queue_batches.processed(records, result.payload, failed=result.failed, partial=partial)


def _concurrency(mapping: dict[str, Any]) -> int:
    return int((mapping.get("ScalingConfig") or {}).get("MaximumConcurrency") or DEFAULT_CONCURRENCY)


def _has_visible(queue: dict[str, Any]) -> bool:
    now = time.time()
    return any(message["visible_at"] <= now for message in list(queue["messages"]))


def _receive_once(url: str, count: int) -> list[Message]:
    request = {
        "QueueUrl": url,
        "MaxNumberOfMessages": count,
        "WaitTimeSeconds": 0,
        "AttributeNames": ["All"],
        "MessageAttributeNames": ["All"],
    }
    status, body = destinations.call("sqs", "AmazonSQS.ReceiveMessage", request)
    found: list[Message] = json.loads(body).get("Messages", []) if status == 200 else []
    return found


def _delete(url: str, records: list[Record]) -> None:
    for some in batched(records, RECEIVE_LIMIT, strict=False):
        entries = [{"Id": str(number), "ReceiptHandle": record["receiptHandle"]} for number, record in enumerate(some)]
        destinations.call("sqs", "AmazonSQS.DeleteMessageBatch", {"QueueUrl": url, "Entries": entries})


def _for_filter(record: Record) -> Record:
    """The record as filter patterns see it: a body that is a JSON object or array is matched by its content."""
    try:
        body = json.loads(record["body"])
    except ValueError:
        return record
    return {**record, "body": body} if isinstance(body, dict | list) else record
