"""One execution while it runs: what it may do, and the end or the pause that reaches every branch of it at once."""

from __future__ import annotations

import threading
from typing import Any

from scripts.local import engine


class Run:
    """`interrupted` is set once a branch was told to stop: what the state made of that does not count."""

    def __init__(self, execution: dict[str, Any], role: str, parent: Run | None = None) -> None:
        self.execution = execution
        self._parent = parent
        self._branches: list[Run] = []
        self.role = role
        self.interrupted = False
        self.in_activity = False
        self._state: dict[str, Any] | None = None
        self._waited = 0.0
        self._stopped = False
        self._waiting: set[threading.Event] = set()

    @property
    def goes_on(self) -> bool:
        return not self._stopped and self.execution["status"] == "RUNNING"

    def enter(self, state: dict[str, Any], waited: float) -> None:
        """Begin a state of the execution itself; `waited` seconds of it passed before a restart."""
        self._state = state
        self._waited = waited if {"Seconds", "SecondsPath"} & set(state) else 0.0

    def stop(self) -> None:
        """End or pause: wake whatever waits in this run and its branches, and let nothing more begin."""
        self._stopped = True
        for branch in list(self._branches):
            branch.stop()
        for event in list(self._waiting):
            event.set()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for an event at most so long; False when time is over. Raises when the run stops meanwhile."""
        remaining, self._waited = seconds - self._waited, 0.0
        self._waiting.add(event)
        try:
            self.require_running()
            happened = event.wait(max(0.0, remaining))
            self.require_running()
        finally:
            self._waiting.discard(event)
        return happened

    def require_running(self) -> None:
        """Raise when the run has stopped: branches and retries of it start nothing more."""
        if self._parent is not None:
            self._parent.require_running()
        if self._stopped:
            self.interrupted = True
            raise engine.service("stepfunctions")._ExecutionError("States.Aborted", "The execution has ended.")

    def branch(self) -> Run:
        """A part of this run that can be stopped alone."""
        made = Run(self.execution, self.role, self)
        self._branches.append(made)
        return made

    def end_branches(self, branches: list[Run]) -> None:
        """Forget branches that are done."""
        self._branches = [one for one in self._branches if one not in branches]

    def token(self, state: dict[str, Any]) -> str | None:
        """The token that this state gave out before a restart, and that is still waited for."""
        return self.execution.get("token") if state is self._state else None

    def keep_token(self, state: dict[str, Any], token: str) -> None:
        if state is self._state:
            self.execution["token"] = token

    def forget_token(self, state: dict[str, Any]) -> None:
        """The state waits for this token no longer: another attempt has another one."""
        if state is self._state:
            self.execution.pop("token", None)
