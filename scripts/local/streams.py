"""DynamoDB Streams kept as on AWS: records are images of their moment, wake their readers and survive a restart."""

from __future__ import annotations

import copy
import sys
import threading
from types import ModuleType
from typing import Any

from scripts.local import engine

_SERVICE = "tradepost_streams"


class Wake:
    """Tells the pollers that a record came or a mapping changed."""

    def __init__(self) -> None:
        self._events: set[threading.Event] = set()

    def listen(self) -> threading.Event:
        event = threading.Event()
        self._events.add(event)
        return event

    def forget(self, event: threading.Event) -> None:
        self._events.discard(event)

    def notify(self) -> None:
        for event in tuple(self._events):
            event.set()


def install(wake: Wake) -> None:
    """Copy images when they are written, wake the readers, and add the records to the saved state.

    ministack saves tables and the positions of pollers but not the records: after a restart those positions would
    point past an empty stream, and records not yet processed would be lost.
    """
    tables = engine.service("dynamodb")
    emit = tables._emit_stream_event

    def emit_stream_event(
        table: str, event: str, old: dict[str, Any] | None, new: dict[str, Any] | None, replicate: bool = True
    ) -> None:
        emit(table, event, copy.deepcopy(old), copy.deepcopy(new), replicate)
        wake.notify()

    tables._emit_stream_event = emit_stream_event
    _save_with_the_rest(tables)


def _save_with_the_rest(tables: Any) -> None:
    """Register the records as one more service whose state is saved and restored."""
    module: Any = ModuleType(f"ministack.services.{_SERVICE}")
    module.get_state = lambda: {"records": tables._stream_records, "trimmed": tables._stream_trimmed}

    def restore(saved: dict[str, Any]) -> None:
        tables._stream_records._data.update(saved["records"]._data)
        tables._stream_trimmed._data.update(saved["trimmed"]._data)

    module.load_persisted_state = restore
    module.reset = lambda: None
    sys.modules[module.__name__] = module
    app = engine.app()
    app._loaded_modules[_SERVICE] = module
    app._state_map[_SERVICE] = _SERVICE
