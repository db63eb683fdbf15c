"""Event source mappings of streams and queues: each has a poller of its own, with Lambda's checks when it is made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from scripts.local import engine
from scripts.local.functions.functions import Functions
from scripts.local.sources import mappings
from scripts.local.sources.poller import IDLE_CHECK_SECONDS, Context, Poller
from scripts.local.sources.queue_poller import QueuePoller
from scripts.local.sources.stream_poller import StreamPoller
from scripts.local.sources.wake import Wake

_CHECKED = {"BatchSize", "FunctionName", "MaximumBatchingWindowInSeconds"}
"""Settings whose change Lambda checks as it checks a new mapping."""


class EventSources:
    """Runs a poller for every mapping that exists."""

    def __init__(
        self, functions: Functions, wake: Wake, reached: Callable[[str, int], None], changed: Callable[[], None]
    ) -> None:
        self._context = Context(functions, wake, threading.Event(), changed)
        self.on_batch, self.on_poll = self._context.on_batch, self._context.on_poll
        self._reached = reached
        self._pollers: dict[str, Poller] = {}

    def install(self) -> None:
        service, wake = engine.service("lambda_svc"), self._context.wake
        create, update = service._create_esm, service._update_esm
        source_has_work = engine.core("concurrency").esm_wake
        wake_ministack = source_has_work.set

        def create_checked(data: dict[str, Any]) -> Any:
            data = mappings.with_defaults(data)
            target = service._resolve_existing_esm_function(data.get("FunctionName", ""))
            reference = ":".join(part for part in target[:2] if part)
            answer = _refused({**data, "FunctionArn": reference}) or mappings.with_metrics(data, create(data))
            wake.notify()
            return answer

        def update_checked(mapping_id: str, data: dict[str, Any]) -> Any:
            mapping = {**(service._esms.get(mapping_id) or {}), **data}
            if "FunctionName" in data:
                mapping["FunctionArn"] = data["FunctionName"]
            answer = (_CHECKED & set(data) and _refused(mapping)) or mappings.with_metrics(
                data, update(mapping_id, data)
            )
            wake.notify()
            return answer

        def wake_all() -> None:
            wake_ministack()
            wake.notify()

        source_has_work.set = wake_all
        service._poll_dynamodb_streams = service._poll_sqs = lambda: False
        service._create_esm, service._update_esm = create_checked, update_checked

    def start(self) -> None:
        """Begin to poll; only after the saved positions are back."""
        threading.Thread(target=self._supervise, name="event-sources", daemon=True).start()

    def stop(self) -> None:
        """Take no further batch; the ones at work finish."""
        self._context.stopping.set()
        self._context.wake.notify()

    def idle(self) -> bool:
        return not any(poller.is_alive() for poller in self._pollers.values())

    def _supervise(self) -> None:
        existing = engine.service("lambda_svc")._esms
        event = self._context.wake.listen()
        while not self._context.stopping.is_set():
            event.clear()
            for (_, _, mapping_id), mapping in list(existing._data.items()):
                poller = self._pollers.get(mapping_id)
                if poller is None or not poller.is_alive():
                    self._start(mapping_id, mapping["EventSourceArn"])
            event.wait(IDLE_CHECK_SECONDS)

    def _start(self, mapping_id: str, source_arn: str) -> None:
        service = source_arn.split(":")[2]
        if service == "dynamodb":
            self._pollers[mapping_id] = StreamPoller(mapping_id, self._context, self._reached)
        elif service == "sqs":
            self._pollers[mapping_id] = QueuePoller(mapping_id, self._context)
        else:
            return
        self._pollers[mapping_id].start()


def _refused(mapping: dict[str, Any]) -> Any:
    reason = mappings.refusal(mapping)
    if reason is None:
        return None
    return engine.core("responses").error_response_json("InvalidParameterValueException", reason, 400)
