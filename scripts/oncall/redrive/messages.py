"""Taking messages out of a failure queue, and giving back those that stay.

SQS cannot be read without receiving: what is looked at is hidden from others for a while, then given back at once.
"""

from __future__ import annotations

import time
from itertools import batched
from typing import TYPE_CHECKING, Any, Self

from scripts.oncall.redrive.envelopes import Failure, parse
from scripts.oncall.redrive.executions import Executions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.deployed import Deployed
    from scripts.oncall.redrive.topology import FailureQueue

PAGE = 10
HIDDEN_SECONDS = 300
"""How long a message is ours; renewed before its replay."""


class Taken:
    """Messages of one queue that are hidden from others until they are deleted or given back (`with` does that)."""

    def __init__(self, client: Any, queue: FailureQueue) -> None:
        self._client = client
        self._queue = queue
        self._ours: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.give_back()

    def pages(self, limit: int) -> Iterator[list[Failure]]:
        """Yield up to `limit` messages, each once, in pages of at most ten, until the queue shows no more."""
        seen: set[str] = set()
        while len(seen) < limit:
            answer = self._client.receive_message(
                QueueUrl=self._queue.url,
                MaxNumberOfMessages=min(PAGE, limit - len(seen)),
                VisibilityTimeout=HIDDEN_SECONDS,
                # A long poll asks every server of SQS; a short one may miss messages that are there.
                WaitTimeSeconds=0 if len(seen) >= self._queue.waiting else 1,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            self._ours |= {one["MessageId"]: one["ReceiptHandle"] for one in messages}
            new = [one for one in messages if one["MessageId"] not in seen]
            seen |= {one["MessageId"] for one in new}
            if not new:
                return
            yield [parse(self._queue, one) for one in new]

    def keep(self, failure: Failure) -> None:
        """Keep a message hidden for HIDDEN_SECONDS from now on, so that nobody else replays it meanwhile."""
        self._client.change_message_visibility(
            QueueUrl=self._queue.url, ReceiptHandle=self._ours[failure.id], VisibilityTimeout=HIDDEN_SECONDS
        )

    def delete(self, failure: Failure) -> None:
        """Remove a message for good."""
        self._client.delete_message(QueueUrl=self._queue.url, ReceiptHandle=self._ours.pop(failure.id))

    def give_back(self) -> None:
        """Make all that is left visible again."""
        left = list(self._ours.items())
        self._ours.clear()
        for page in batched(left, PAGE, strict=False):
            entries = [
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for number, (_, receipt) in enumerate(page)
            ]
            self._client.change_message_visibility_batch(QueueUrl=self._queue.url, Entries=entries)


def take(stack: Deployed, queue: FailureQueue) -> Taken | Executions:
    """Return what waits in a queue, or what failed in a state machine, for use by `with`."""
    if queue.machine:
        return Executions(stack.environment.client("stepfunctions"), queue)
    return Taken(stack.environment.client("sqs"), queue)


def look(stack: Deployed, queue: FailureQueue, limit: int) -> list[Failure]:
    """Return up to `limit` failures and leave them where they are, the oldest first."""
    with take(stack, queue) as taken:
        found = [failure for page in taken.pages(limit) for failure in page]
    return sorted(found, key=lambda failure: failure.failed_at)


class Pace:
    """Lets through so many a second."""

    def __init__(self, per_second: float) -> None:
        self._pause = 1 / per_second
        self._next = time.monotonic()

    def wait(self) -> None:
        """Return when the next may go."""
        now = time.monotonic()
        if self._next > now:
            time.sleep(self._next - now)
        self._next = max(now, self._next) + self._pause
