"""Asynchronous invocations: accepted at once, run later, retried, given up by age, told to destinations.

AWS documents: a failed event is run again after 1 minute and then 2 minutes, a throttled one after 1 second up to
5 minutes without using up its retries; the event invoke config of the qualifier sets the retries (0..2, 2 unless set),
the maximum age (6 hours unless set) and the destinations.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import os
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from scripts.local import engine
from scripts.local.functions import aliases, async_results, event_invoke_configs
from scripts.local.functions.aliases import FunctionNotFoundError
from scripts.local.functions.async_results import Condition
from scripts.local.functions.environment_pool import CONCURRENCY
from scripts.local.functions.event_invoke_configs import Settings
from scripts.local.functions.functions import Functions, RequestTooLargeError, Result, inbound_trace
from scripts.local.functions.invocations import Source
from scripts.local.settings import ACCOUNT_ID, REGION

RETRY_SECONDS = float(os.environ.get("TRADEPOST_ASYNC_RETRY_SECONDS", "60"))
THROTTLE_SECONDS, THROTTLE_MOST_SECONDS = 1.0, 300.0
_WORKERS = 128
logger = logging.getLogger("tradepost.async_invocations")


@dataclass(slots=True)
class QueuedEvent:
    """An accepted event; times are Unix seconds, `attempts` counts the runs that failed."""

    function: str
    qualifier: str | None
    payload: Any
    source: Source
    request_id: str
    trace: str
    accepted: float
    due: float
    attempts: int = 0
    throttles: int = 0


Observer = Callable[[QueuedEvent, str, float], None]


class AsyncInvocations:
    """Lambda's internal event queue: one for the account, fair to every function, saved with the state.

    `on_metric` observers are given an event, the name of one of Lambda's asynchronous metrics and its value.
    """

    def __init__(self, functions: Functions, changed: Callable[[], None]) -> None:
        self.on_metric: list[Observer] = []
        self._functions = functions
        self._changed = changed
        self._events: dict[str, QueuedEvent] = {}
        self._later: list[tuple[float, int, QueuedEvent]] = []
        self._ready: dict[str, deque[QueuedEvent]] = {}
        self._busy: Counter[str] = Counter()
        self._number = itertools.count()
        self._condition = threading.Condition()
        self._stopping = False
        self._pool = ThreadPoolExecutor(_WORKERS, "async-invocation")

    def install(self) -> None:
        """Save the events with the functions' state, and take over ministack's internal asynchronous invocations."""
        service = engine.service("lambda_svc")
        state, restore = service.get_state, service._restore_state

        def state_with_events() -> Any:
            with self._condition:
                events = [asdict(event) for event in self._events.values()]
            return {**state(), "async_events": events}

        def restore_with_events(data: Any) -> None:
            restore(data)
            for saved in (data or {}).get("async_events", []):
                event = QueuedEvent(**{**saved, "source": Source(saved["source"])})
                self._events[event.request_id] = event

        def invoke_async(record: dict[str, Any], event: Any) -> None:
            config = record.get("config") or record
            name, qualifier = aliases.split_reference(config["FunctionArn"])
            self.submit(name, qualifier, event, Source.SERVICE)

        service.get_state = state_with_events
        service._restore_state = restore_with_events
        service.invoke_async_with_retry = invoke_async
        event_invoke_configs.install()

    def start(self) -> None:
        """Begin to run events; only after the saved ones are back."""
        for event in list(self._events.values()):
            self._put(event)
        threading.Thread(target=self._release_due, name="async-invocations", daemon=True).start()

    def stop(self) -> None:
        """Start no further event; what waits is saved."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()

    def idle(self) -> bool:
        return not self._busy.total()

    def submit(
        self, function: str, qualifier: str | None, event: Any, source: Source, *, trace: str | None = None
    ) -> str:
        """Accept an event for a function that exists; returns the request id, the same in all its attempts."""
        now = time.time()
        inbound = inbound_trace.get() if trace is None else trace
        queued = QueuedEvent(function, qualifier, event, source, str(uuid.uuid4()), inbound, now, now)
        self._events[queued.request_id] = queued
        self._count(queued, "AsyncEventsReceived")
        self._put(queued)
        self._changed()
        return queued.request_id

    def _put(self, event: QueuedEvent) -> None:
        with self._condition:
            if event.due > time.time():
                heapq.heappush(self._later, (event.due, next(self._number), event))
                self._condition.notify_all()
            else:
                self._admit(event)

    def _admit(self, event: QueuedEvent) -> None:
        """Run an event, or let it wait for another of its function. Hold the condition."""
        if self._stopping:
            return
        if self._busy[event.function] < CONCURRENCY:
            self._busy[event.function] += 1
            self._pool.submit(self._work, event)
        else:
            self._ready.setdefault(event.function, deque()).append(event)

    def _release_due(self) -> None:
        with self._condition:
            while not self._stopping:
                while self._later and self._later[0][0] <= time.time():
                    self._admit(heapq.heappop(self._later)[2])
                self._condition.wait(self._later[0][0] - time.time() if self._later else None)

    def _work(self, event: QueuedEvent | None) -> None:
        while event is not None:
            function = event.function
            try:
                with engine.core("responses").request_scope(ACCOUNT_ID, REGION):
                    self._attempt(event)
            except Exception:
                logger.exception("the asynchronous invocation %s of %s was lost", event.request_id, function)
                self._events.pop(event.request_id, None)
            event = self._next(function)

    def _next(self, function: str) -> QueuedEvent | None:
        with self._condition:
            waiting = self._ready.get(function)
            if waiting and not self._stopping:
                return waiting.popleft()
            self._busy[function] -= 1
            return None

    def _attempt(self, event: QueuedEvent) -> None:
        settings = event_invoke_configs.settings(event.function, event.qualifier)
        if time.time() >= event.accepted + settings.maximum_age:
            self._end(event, settings, Condition.EVENT_AGE_EXCEEDED, None)
            return
        inbound_trace.set(event.trace)
        self._count(event, "AsyncEventAge", (time.time() - event.accepted) * 1000)
        try:
            result = self._functions.invoke(
                event.function, event.qualifier, event.payload, event.source, request_id=event.request_id
            )
        except (FunctionNotFoundError, RequestTooLargeError) as error:
            logger.warning("the asynchronous invocation %s was dropped: %s", event.request_id, error)
            self._events.pop(event.request_id, None)
            return
        if result.throttle:
            self._throttled(event, settings, result)
        elif not result.failed:
            event.attempts += 1
            self._end(event, settings, Condition.SUCCESS, result)
        else:
            self._failed(event, settings, result)

    def _throttled(self, event: QueuedEvent, settings: Settings, result: Result) -> None:
        if settings.reserved == 0:
            self._end(event, settings, Condition.ZERO_RESERVED_CONCURRENCY, result)
            return
        self._retry(event, settings, min(THROTTLE_SECONDS * 2**event.throttles, THROTTLE_MOST_SECONDS))
        event.throttles += 1

    def _failed(self, event: QueuedEvent, settings: Settings, result: Result) -> None:
        event.attempts += 1
        if event.attempts > settings.retries:
            self._end(event, settings, Condition.RETRIES_EXHAUSTED, result)
        else:
            self._retry(event, settings, RETRY_SECONDS * event.attempts)

    def _retry(self, event: QueuedEvent, settings: Settings, seconds: float) -> None:
        """Run the event again after a time, or give it up when its age runs out before."""
        event.due = min(time.time() + seconds, event.accepted + settings.maximum_age)
        self._put(event)
        self._changed()

    def _end(self, event: QueuedEvent, settings: Settings, condition: Condition, result: Result | None) -> None:
        ended = async_results.Ended(
            event.function, event.qualifier, event.payload, event.request_id, event.attempts, condition, result
        )
        for failure in async_results.tell(ended, settings, self.submit):
            self._count(event, failure)
        if condition is not Condition.SUCCESS:
            self._count(event, "AsyncEventsDropped")
        self._events.pop(event.request_id, None)
        self._changed()

    def _count(self, event: QueuedEvent, metric: str, value: float = 1.0) -> None:
        for observer in self.on_metric:
            observer(event, metric, value)
