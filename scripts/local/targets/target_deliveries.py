"""Delivery to targets of rules and schedules: retries with exponential back-off, the age cap, the dead-letter queue.

AWS documents: up to 185 retries within 24 hours unless the target's retry policy says less; EventBridge does not retry
what no retry can mend (no permission, no such resource). The seconds of the first retry are not documented.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from enum import Enum, auto
from typing import Any

from scripts.local import engine
from scripts.local.functions.async_invocations import AsyncInvocations
from scripts.local.settings import ACCOUNT_ID, REGION
from scripts.local.targets import target_access, target_calls
from scripts.local.targets.target_access import EVENTS, SCHEDULER
from scripts.local.targets.target_calls import Delivery, TargetError

RETRY_SECONDS = float(os.environ.get("TRADEPOST_TARGET_RETRY_SECONDS", "1"))
LONGEST_PAUSE_SECONDS = 600.0
MOST_RETRIES = 185
LONGEST_AGE_SECONDS = 24 * 3600
_STATE = "target_deliveries"
logger = logging.getLogger("tradepost.targets")


class End(Enum):
    """How a delivery ended."""

    DELIVERED = auto()
    DEAD_LETTER = auto()
    DEAD_LETTER_FAILED = auto()
    DROPPED = auto()


class TargetDeliveries:
    """Gives events to targets; what has to wait for a retry waits here, is saved, and delays nothing else.

    `on_end` observers are told how each delivery ended.
    """

    def __init__(self, asynchronous: AsyncInvocations, changed: Callable[[], None]) -> None:
        self._asynchronous = asynchronous
        self._changed = changed
        self.on_end: list[Callable[[Delivery, End], None]] = []
        self._pending: dict[str, Delivery] = {}
        self._later: list[tuple[float, int, Delivery]] = []
        self._number = itertools.count()
        self._condition = threading.Condition()
        self._stopping = False
        self._at_work = 0

    def install(self) -> None:
        """Save the deliveries that wait with the state of the event buses."""
        buses = engine.service("eventbridge")
        state, restore = buses.get_state, buses._restore_state

        def state_with_deliveries() -> Any:
            return {**state(), _STATE: [asdict(delivery) for delivery in list(self._pending.values())]}

        def restore_with_deliveries(data: Any) -> None:
            restore(data)
            for saved in (data or {}).get(_STATE, []):
                self._pending[saved["id"]] = Delivery(**saved)

        buses.get_state, buses._restore_state = state_with_deliveries, restore_with_deliveries

    def start(self) -> None:
        """Begin to retry; only after the saved deliveries are back."""
        for delivery in list(self._pending.values()):
            self._wait(delivery)
        threading.Thread(target=self._release_due, name="target-deliveries", daemon=True).start()

    def stop(self) -> None:
        """Start no further attempt; what waits is saved."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()

    def idle(self) -> bool:
        return not self._at_work

    def accept(self, delivery: Delivery) -> None:
        """Deliver at once where that only hands the event over; HTTP endpoints are called on a thread."""
        if delivery.is_api_destination:
            self._pending[delivery.id] = delivery
            self._start(delivery)
        else:
            self._attempt(delivery)

    def _start(self, delivery: Delivery) -> None:
        with self._condition:
            self._at_work += 1
        threading.Thread(target=self._work, args=(delivery,), name="target-delivery", daemon=True).start()

    def _work(self, delivery: Delivery) -> None:
        try:
            with engine.core("responses").request_scope(ACCOUNT_ID, REGION):
                self._attempt(delivery)
        except Exception:
            logger.exception("the delivery %s to %s was lost", delivery.id, delivery.arn)
            self._pending.pop(delivery.id, None)
        finally:
            with self._condition:
                self._at_work -= 1

    def _attempt(self, delivery: Delivery) -> None:
        policy = delivery.target.get("RetryPolicy") or {}
        age = int(policy.get("MaximumEventAgeInSeconds", LONGEST_AGE_SECONDS))
        retries = int(policy.get("MaximumRetryAttempts", MOST_RETRIES))
        delivery.attempts += 1
        try:
            self._call(delivery)
        except TargetError as error:
            if not error.retriable and delivery.principal == EVENTS:
                self._give_up(delivery, error, None)
            elif delivery.attempts > retries:
                self._give_up(delivery, error, "MaximumRetryAttempts")
            elif time.time() + (pause := _pause(delivery.attempts)) >= delivery.accepted + age:
                self._give_up(delivery, error, "MaximumEventAgeInSeconds")
            else:
                delivery.due = time.time() + pause
                self._pending[delivery.id] = delivery
                self._wait(delivery)
        else:
            self._end(delivery, End.DELIVERED)
        self._changed()

    def _call(self, delivery: Delivery) -> None:
        try:
            if delivery.is_api_destination:
                target_calls.call(delivery, self._asynchronous)
            else:
                on_loop(lambda: target_calls.call(delivery, self._asynchronous))
        except TargetError:
            raise
        except Exception as error:
            logger.exception("the delivery %s to %s failed", delivery.id, delivery.arn)
            raise TargetError("INTERNAL_ERROR", "The service had an internal error.", retriable=True) from error

    def _wait(self, delivery: Delivery) -> None:
        with self._condition:
            heapq.heappush(self._later, (delivery.due, next(self._number), delivery))
            self._condition.notify_all()

    def _release_due(self) -> None:
        with self._condition:
            while not self._stopping:
                while self._later and self._later[0][0] <= time.time():
                    self._start(heapq.heappop(self._later)[2])
                self._condition.wait(max(0.0, self._later[0][0] - time.time()) if self._later else None)

    def _give_up(self, delivery: Delivery, error: TargetError, condition: str | None) -> None:
        """Send the event to the target's dead-letter queue, if it has one that may be used; else it is gone."""
        arn = str((delivery.target.get("DeadLetterConfig") or {}).get("Arn", ""))
        queue = engine.service("sqs")._queue_by_arn(arn) if arn else None
        if queue is None or not _may_send(delivery, arn):
            reason = f"its dead-letter queue {arn} cannot be used" if arn else "it has no dead-letter queue"
            logger.warning("%s drops an event for %s (%s): %s", delivery.source_arn, delivery.arn, error, reason)
            self._end(delivery, End.DEAD_LETTER_FAILED if arn else End.DROPPED)
            return
        attributes = {
            name: {"DataType": "String", "StringValue": value}
            for name, value in _attributes(delivery, error, condition).items()
        }
        on_loop(lambda: target_calls.send_to_queue(queue["url"], delivery.letter, MessageAttributes=attributes))
        self._end(delivery, End.DEAD_LETTER)

    def _end(self, delivery: Delivery, end: End) -> None:
        self._pending.pop(delivery.id, None)
        for observer in self.on_end:
            observer(delivery, end)


def on_loop(work: Callable[[], None]) -> None:
    """Run on the event loop, as every request does, and wait for it; the services are not safe for threads."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run_coroutine_threadsafe(_awaited(work), engine.app()._MAIN_LOOP).result()
    else:
        work()


async def _awaited(work: Callable[[], None]) -> None:
    work()


def _pause(attempts: int) -> float:
    """Seconds before the next attempt: they double each time, with jitter."""
    longest = min(LONGEST_PAUSE_SECONDS, RETRY_SECONDS * 2.0 ** (attempts - 1))
    return longest * random.uniform(0.5, 1)  # noqa: S311  not a secret


def _may_send(delivery: Delivery, queue_arn: str) -> bool:
    """EventBridge needs the policy of its dead-letter queue, Scheduler its role."""
    if delivery.principal == SCHEDULER:
        return target_access.role_allows(delivery.target["RoleArn"], "sqs:SendMessage", queue_arn)
    return target_access.resource_allows(EVENTS, "sqs:SendMessage", queue_arn, delivery.source_arn)


def _attributes(delivery: Delivery, error: TargetError, condition: str | None) -> dict[str, str]:
    """The message attributes that AWS gives a dead letter."""
    schedule = delivery.principal == SCHEDULER
    return {
        "SCHEDULE_ARN" if schedule else "RULE_ARN": delivery.source_arn,
        "TARGET_ARN": delivery.arn,
        "ERROR_CODE": error.api_code if schedule else error.code,
        "ERROR_MESSAGE": str(error),
        "RETRY_ATTEMPTS": str(delivery.attempts - 1),
        **({"EXHAUSTED_RETRY_CONDITION": condition} if condition else {}),
        **delivery.attributes,
    }
