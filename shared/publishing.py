"""Publishing to EventBridge, at least once, with every entry's result looked at.

Imports the standard library only; the client is the caller's.
"""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.aws import LONGEST_CALL_SECONDS, error_code

MAX_ENTRIES = 10
MAX_BYTES = 256 * 1024
ATTEMPTS = 5
FIRST_DELAY_SECONDS = 0.1
SAFETY_SECONDS = 2.0
"""What is kept of the remaining time to report the failures in."""

TOO_LARGE = "EntryTooLarge"
HELD_BACK = "HeldBackBehindAnEarlierEvent"
OUT_OF_TIME = "OutOfTime"

_NEEDED_SECONDS = LONGEST_CALL_SECONDS + SAFETY_SECONDS
"""A call begins only if this much time remains."""

_FIXED_BYTES = 14
"""EventBridge counts an entry's Time as this many bytes."""


class EventsClient(Protocol):
    """The part of botocore's client of EventBridge that is used here."""

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - the API's name
        """One call of PutEvents."""
        ...


class Publishable(Protocol):
    """An event as it goes to the bus; the events of one subject (an order, an article) are sent in their order."""

    @property
    def event_id(self) -> str: ...

    @property
    def type(self) -> str: ...

    @property
    def subject(self) -> str: ...

    def to_dict(self) -> dict[str, Any]:
        """The envelope, contracts/events/envelope.json."""
        ...


@dataclass(frozen=True, slots=True)
class Failure:
    """An event that is not on the bus, and EventBridge's name for the reason."""

    event: Publishable
    reason: str


@dataclass(frozen=True, slots=True)
class Publisher:
    """Sends events to one bus. ``sleep`` waits between the attempts."""

    client: EventsClient
    bus: str
    source: str
    sleep: Callable[[float], None] = time.sleep

    def publish(self, events: Sequence[Publishable], remaining_seconds: Callable[[], float]) -> list[Failure]:
        """Send all; answers those that could not be sent, [] if none.

        No call begins that could last longer than ``remaining_seconds``: a function that is cut off reports nothing,
        and all of its events come again.

        Events of one subject go in separate calls, in the order given, and none goes before an earlier one got
        through: EventBridge promises no order, but this does not add disorder of its own.
        """
        reasons: dict[str, str] = {}
        pending = list(events)
        for attempt in range(ATTEMPTS):
            pending = self._round(pending, reasons, remaining_seconds)
            delay = FIRST_DELAY_SECONDS * 2**attempt * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
            worth_it = any(reasons.get(event.event_id, TOO_LARGE) != TOO_LARGE for event in pending)
            if not worth_it or attempt + 1 == ATTEMPTS or remaining_seconds() < delay + _NEEDED_SECONDS:
                break
            self.sleep(delay)
        return [Failure(event, reasons.get(event.event_id, HELD_BACK)) for event in pending]

    def _round(
        self, events: list[Publishable], reasons: dict[str, str], remaining_seconds: Callable[[], float]
    ) -> list[Publishable]:
        """Send each event once, except those behind a failed one of their subject; answers what is left, in order."""
        stuck: set[str] = set()
        left: set[str] = set()
        for wave in _waves(events):
            sendable = [event for event in wave if event.subject not in stuck]
            left.update(event.event_id for event in wave if event.subject in stuck)
            for chunk in self._chunks(sendable):
                in_time = remaining_seconds() >= _NEEDED_SECONDS
                for event, reason in self._put(chunk) if in_time else [(event, OUT_OF_TIME) for event in chunk]:
                    reasons[event.event_id] = reason
                    left.add(event.event_id)
                    stuck.add(event.subject)
        return [event for event in events if event.event_id in left]

    def _put(self, chunk: list[Publishable]) -> list[tuple[Publishable, str]]:
        """One call; answers the events that failed with the reason for each."""
        from botocore.exceptions import BotoCoreError, ClientError

        entries = [self._entry(event) for event in chunk]
        if _size(entries[0]) > MAX_BYTES:
            return [(chunk[0], TOO_LARGE)]
        try:
            results = self.client.put_events(Entries=entries)["Entries"]
        except (BotoCoreError, ClientError) as error:
            return [(event, error_code(error)) for event in chunk]
        return [
            (event, result["ErrorCode"])
            for event, result in zip(chunk, results, strict=True)
            if result.get("ErrorCode")
        ]

    def _chunks(self, events: list[Publishable]) -> Iterator[list[Publishable]]:
        """Cut by count and bytes; an event that is too large for any call stands alone."""
        chunk: list[Publishable] = []
        size = 0
        for event in events:
            entry_size = _size(self._entry(event))
            if chunk and (len(chunk) == MAX_ENTRIES or size + entry_size > MAX_BYTES):
                yield chunk
                chunk, size = [], 0
            chunk.append(event)
            size += entry_size
        if chunk:
            yield chunk

    def _entry(self, event: Publishable) -> dict[str, Any]:
        return {
            "EventBusName": self.bus,
            "Source": self.source,
            "DetailType": event.type,
            "Detail": json.dumps(event.to_dict(), separators=(",", ":")),
        }


def _waves(events: list[Publishable]) -> Iterator[list[Publishable]]:
    """First every subject's first event, then every second one, and so on."""
    waves: list[list[Publishable]] = []
    seen: dict[str, int] = {}
    for event in events:
        position = seen.get(event.subject, 0)
        seen[event.subject] = position + 1
        if position == len(waves):
            waves.append([])
        waves[position].append(event)
    yield from waves


def _size(entry: dict[str, Any]) -> int:
    """Bytes of an entry as EventBridge counts them."""
    texts = (entry["Source"], entry["DetailType"], entry["Detail"])
    return _FIXED_BYTES + sum(len(text.encode()) for text in texts)
