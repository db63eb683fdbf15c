"""One thread per event source mapping, so that no source waits for another."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scripts.local import engine
from scripts.local.functions.functions import Functions
from scripts.local.settings import ACCOUNT_ID, REGION
from scripts.local.sources.wake import Wake

IDLE_CHECK_SECONDS = 1.0
logger = logging.getLogger("tradepost.event_sources")


@dataclass(frozen=True, slots=True)
class Context:
    """What every poller works with; `stopping` is set when no further batch may be taken.

    `changed` tells the snapshots that a queue changed outside a request; `on_batch` observers get the function and the
    age in ms of the last record of each batch of a stream; `on_poll` observers get the mapping's id and how many
    records or messages it took.
    """

    functions: Functions
    wake: Wake
    stopping: threading.Event
    changed: Callable[[], None]
    on_batch: list[Callable[[str, float], None]] = field(default_factory=list)
    on_poll: list[Callable[[str, int], None]] = field(default_factory=list)


class Poller(threading.Thread, ABC):
    """Polls for one mapping until the mapping is gone or the local cloud stops."""

    def __init__(self, mapping_id: str, context: Context) -> None:
        super().__init__(name=f"mapping-{mapping_id[:8]}", daemon=True)
        self._id = mapping_id
        self._context = context
        self._woken = context.wake.listen()
        self._lambda = engine.service("lambda_svc")

    @abstractmethod
    def _poll(self, mapping: dict[str, Any]) -> bool:
        """Take one batch; False when there is nothing to do."""

    def _polled(self, count: int) -> None:
        for observer in self._context.on_poll:
            observer(self._id, count)

    def _idle_seconds(self) -> float:
        """How long to wait for a wake when there was nothing to do."""
        return IDLE_CHECK_SECONDS

    def _finish(self) -> None:
        """Wait for what is still at work, at the end."""

    @property
    def _mapping(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._lambda._esms.get(self._id)
        return found

    def run(self) -> None:
        with engine.core("responses").request_scope(ACCOUNT_ID, REGION):
            while not self._context.stopping.is_set() and (mapping := self._mapping) is not None:
                self._woken.clear()
                try:
                    worked = mapping.get("Enabled", True) and self._poll(mapping)
                except Exception:
                    logger.exception("poller of mapping %s failed; it goes on", self._id)
                    worked = False
                if not worked:
                    self._woken.wait(self._idle_seconds())
            self._finish()
        self._context.wake.forget(self._woken)
