"""ParallelizationFactor: up to ten batches of one shard at a time, the records of one partition key still in order."""

from __future__ import annotations

import contextvars
import json
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from scripts.local.sources import mappings, stream_batches
from scripts.local.sources.stream_batches import Answer, Condition, Placed, Policy, Stream


class Lane:
    """The stream as one lane sees it: progress within the batches of all lanes is not saved."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def invoke(self, records: Sequence[Placed]) -> Answer:
        return self._stream.invoke(records)

    def discard(self, records: Sequence[Placed], condition: Condition, attempts: int, answer: Answer | None) -> None:
        self._stream.discard(records, condition, attempts, answer)

    def checkpoint(self, position: int) -> None:
        """The position is saved when every lane is done."""

    def pause(self, seconds: float) -> bool:
        return self._stream.pause(seconds)

    def now(self) -> float:
        return self._stream.now()


def deliver(records: Sequence[Placed], key: str, batch_size: int, lanes: int, policy: Policy, stream: Stream) -> bool:
    """Deliver records in `lanes` lanes by their partition key `key`; False when one was told to stop before its end."""
    shares: list[list[Placed]] = [[] for _ in range(lanes)]
    for placed in records:
        value = json.dumps(placed.record["dynamodb"]["Keys"][key], sort_keys=True)
        shares[zlib.crc32(value.encode()) % lanes].append(placed)
    with ThreadPoolExecutor(lanes, "stream-lane") as pool:
        work = [
            pool.submit(contextvars.copy_context().run, _deliver_share, share, batch_size, policy, Lane(stream))
            for share in shares
            if share
        ]
        return all(done.result() for done in work)


def _deliver_share(share: list[Placed], batch_size: int, policy: Policy, lane: Lane) -> bool:
    batches = [share[start : start + batch_size] for start in range(0, len(share), batch_size)]
    return all(
        stream_batches.deliver(part, policy, lane)
        for batch in batches
        for part in mappings.split_by_size(batch, lambda placed: placed.record)
    )
