"""Suppressed actions of composite alarms: while the suppressor is in ALARM, and the two periods of waiting around it.

A composite alarm that changes state waits for its suppressor (WaitPeriod) before it acts, and once more after the
suppressor has left ALARM (ExtensionPeriod). What it does then is the action of the state that it is in, if it has not
acted for that state already. Periods run as fast as the alarms (`TRADEPOST_ALARM_SPEED`). What waits is forgotten when
the local cloud stops.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripts.local import engine
from scripts.local.cloudwatch.alarm_messages import Change

Act = Callable[[Change], None]


@dataclass(slots=True)
class Waiting:
    """A change whose actions wait: until `due` (monotonic seconds), or as long as the suppressor is in ALARM (None)."""

    change: Change
    due: float | None


class Suppression:
    """Holds back and releases the actions of composite alarms."""

    def __init__(self, act: Act, speed: float) -> None:
        self._act = act
        self._speed = speed
        self._waiting: dict[str, Waiting] = {}
        self._acted_for: dict[str, str] = {}

    def hold(self, change: Change) -> bool:
        """Take a change of state; False for an alarm without a suppressor, which acts at once."""
        alarm = change.alarm
        if not alarm.get("ActionsSuppressor"):
            return False
        name = alarm["AlarmName"]
        self._waiting.pop(name, None)
        if self._acted_for.get(name, "OK") == alarm["StateValue"]:
            _mark(alarm, None)
        else:
            waiting = self._waiting[name] = Waiting(change, None)
            self._look(waiting, "WaitPeriod")
        return True

    def tick(self) -> None:
        """Release what has waited long enough."""
        for name, waiting in list(self._waiting.items()):
            if name not in engine.service("cloudwatch")._composite_alarms:
                del self._waiting[name]
            elif waiting.due is None or _in_alarm(waiting.change.alarm["ActionsSuppressor"]):
                self._look(waiting, "ExtensionPeriod")
            elif time.monotonic() >= waiting.due:
                del self._waiting[name]
                self._acted_for[name] = str(waiting.change.alarm["StateValue"])
                _mark(waiting.change.alarm, None)
                self._act(waiting.change)

    def _look(self, waiting: Waiting, period: str) -> None:
        """Wait without end while the suppressor is in ALARM, else for the rest of a period."""
        alarm = waiting.change.alarm
        if _in_alarm(alarm["ActionsSuppressor"]):
            waiting.due = None
            _mark(alarm, "Alarm")
        else:
            waiting.due = time.monotonic() + float(alarm.get(f"ActionsSuppressor{period}") or 0) / self._speed
            _mark(alarm, period)


def _in_alarm(reference: str) -> bool:
    """Whether an alarm, named by its name or its ARN, is in ALARM."""
    service, name = engine.service("cloudwatch"), reference.rpartition(":alarm:")[2]
    alarm = service._alarms.get(name) or service._composite_alarms.get(name) or {}
    return alarm.get("StateValue") == "ALARM"


def _mark(alarm: Any, by: str | None) -> None:
    alarm.pop("ActionsSuppressedBy", None)
    if by:
        alarm["ActionsSuppressedBy"] = by
