"""Wakes the pollers of event sources the moment that there is work."""

from __future__ import annotations

import threading


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
