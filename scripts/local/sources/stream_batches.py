"""What Lambda does with one batch of a stream: retry, bisect, partial failures, age cap, give up. Pure logic."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Record = dict[str, Any]
Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded"]
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A record and its absolute position in the stream."""

    position: int
    record: Record

    @property
    def created_at(self) -> float:
        return float(self.record["dynamodb"].get("ApproximateCreationDateTime", 0))

    @property
    def sequence_number(self) -> str:
        return str(self.record["dynamodb"]["SequenceNumber"])


@dataclass(frozen=True, slots=True)
class Policy:
    """The mapping's error handling; -1 means without limit for `retries` and `max_age_seconds`."""

    retries: int
    max_age_seconds: int
    bisect: bool
    partial: bool

    @classmethod
    def of(cls, mapping: dict[str, Any]) -> Policy:
        def limit(name: str) -> int:
            value = mapping.get(name)
            return -1 if value is None else int(value)

        return cls(
            retries=limit("MaximumRetryAttempts"),
            max_age_seconds=limit("MaximumRecordAgeInSeconds"),
            bisect=bool(mapping.get("BisectBatchOnFunctionError")),
            partial="ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ()),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What the function said to a batch."""

    payload: bytes
    failed: bool
    throttled: bool
    executed_version: str


class Stream(Protocol):
    """What delivery needs from the outside."""

    def invoke(self, records: Sequence[Placed]) -> Answer: ...

    def discard(
        self, records: Sequence[Placed], condition: Condition, attempts: int, answer: Answer | None
    ) -> None: ...

    def checkpoint(self, position: int) -> None:
        """Everything before this position is done."""

    def pause(self, seconds: float) -> bool:
        """Wait; False when the poller is to stop, and then the rest stays where the checkpoint is."""

    def now(self) -> float: ...


def deliver(records: Sequence[Placed], policy: Policy, stream: Stream) -> bool:
    """Deliver a batch in order until every record is processed or discarded; False when told to stop before.

    Bisecting does not count as a retry; being throttled does not either.
    """
    units: deque[tuple[Sequence[Placed], int]] = deque([(records, 0)])
    pauses = 0
    while units:
        unit, attempts = units.popleft()
        unit = _drop_aged(unit, attempts, policy, stream)
        if not unit:
            continue
        answer = stream.invoke(unit)
        done = 0 if answer.throttled else _processed(unit, answer, policy)
        if done:
            stream.checkpoint(unit[done - 1].position + 1)
        rest = unit[done:]
        if not rest:
            pauses = 0
            continue
        if answer.throttled:
            units.appendleft((rest, attempts))
        elif done:
            units.appendleft((rest, 1))
        elif policy.bisect and len(rest) > 1:
            middle = (len(rest) + 1) // 2
            units.extendleft([(rest[middle:], attempts), (rest[:middle], attempts)])
        elif 0 <= policy.retries <= attempts:
            stream.discard(rest, "RetryAttemptsExhausted", attempts + 1, answer)
            stream.checkpoint(rest[-1].position + 1)
            continue
        else:
            units.appendleft((rest, attempts + 1))
        if not stream.pause(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**pauses)):
            return False
        pauses += 1
    return True


def _drop_aged(unit: Sequence[Placed], attempts: int, policy: Policy, stream: Stream) -> Sequence[Placed]:
    """Discard the records at the front that are older than the mapping allows."""
    if policy.max_age_seconds <= 0:
        return unit
    oldest = stream.now() - policy.max_age_seconds
    count = next((index for index, placed in enumerate(unit) if placed.created_at >= oldest), len(unit))
    if count:
        stream.discard(unit[:count], "RecordAgeExceeded", attempts, None)
        stream.checkpoint(unit[count - 1].position + 1)
    return unit[count:]


def _processed(unit: Sequence[Placed], answer: Answer, policy: Policy) -> int:
    """How many records from the front are done: all, none, or those before the first reported failure."""
    if answer.failed:
        return 0
    if not policy.partial:
        return len(unit)
    failures = reported_failures(answer.payload)
    if failures is None:
        return 0
    if not failures:
        return len(unit)
    numbers = [placed.sequence_number for placed in unit]
    if any(failure not in numbers for failure in failures):
        return 0
    return min(numbers.index(failure) for failure in failures)


def reported_failures(payload: bytes) -> list[str] | None:
    """Identifiers of a partial batch response; None when it is malformed, which fails the whole batch."""
    try:
        body = json.loads(payload)
        items = (body or {}).get("batchItemFailures") or []
        failures = [item["itemIdentifier"] for item in items]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return failures if all(isinstance(failure, str) and failure for failure in failures) else None
