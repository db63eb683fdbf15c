"""Warm environments by function version, bounded in number; the provisioned ones are started ahead of invocations."""

from __future__ import annotations

import os
import threading
import time
from collections import deque

from scripts.local.functions.environments import INIT_SECONDS, Environment, EnvironmentSpec

IDLE_SECONDS = 300.0
DEFAULT_LIMIT = max(4, 3 * (os.cpu_count() or 2))
CONCURRENCY = int(os.environ.get("TRADEPOST_CONCURRENCY", DEFAULT_LIMIT))
"""Environments of one function version that run at once on this machine; further invocations wait for one."""


class EnvironmentPool:
    """Warm environments by function version. An invocation takes an idle one, starts one, or waits its turn."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._idle: dict[str, list[Environment]] = {}
        self._all: set[Environment] = set()
        self._running: dict[str, int] = {}
        self._waiting: dict[str, deque[threading.Event]] = {}
        self._current: dict[tuple[str, str], str] = {}
        self._provisioned: dict[str, int] = {}
        threading.Thread(target=self._reap, name="environment-reaper", daemon=True).start()

    def __len__(self) -> int:
        return len(self._all)

    def memory_megabytes(self) -> int:
        """Peak memory of all environments together."""
        with self._lock:
            environments = list(self._all)
        return sum(environment.memory_megabytes() for environment in environments)

    def acquire(self, spec: EnvironmentSpec, wait_seconds: float) -> Environment | None:
        """An idle or new environment; None when the limit leaves none within the time. `release` it afterwards."""
        self._supersede(spec)
        deadline = time.monotonic() + wait_seconds
        with self._lock:
            while self._running.get(spec.key, 0) >= max(self._limit, self._provisioned.get(spec.key, 0)):
                turn = threading.Event()
                queue = self._waiting.setdefault(spec.key, deque())
                queue.append(turn)
                self._lock.release()
                try:
                    turn.wait(max(0.0, deadline - time.monotonic()))
                finally:
                    self._lock.acquire()
                if not turn.is_set():
                    queue.remove(turn)
                    return None
            self._running[spec.key] = self._running.get(spec.key, 0) + 1
            idle = self._idle.get(spec.key, [])
            while idle:
                found = max(reversed(idle), key=lambda environment: environment.provisioned)
                idle.remove(found)
                if found.alive:
                    return found
                self._all.discard(found)
        try:
            started = Environment(spec)
        except BaseException:
            self._leave(spec.key)
            raise
        with self._lock:
            self._all.add(started)
        return started

    def release(self, environment: Environment, *, keep: bool) -> None:
        """Give an environment back, to stay warm or (after a time-out, a crash, an INIT error) to end."""
        spec = environment.spec
        keep = keep and environment.alive and self._current.get((spec.function, spec.version)) == spec.key
        with self._lock:
            if keep:
                self._idle.setdefault(spec.key, []).append(environment)
            else:
                self._all.discard(environment)
        self._leave(spec.key)
        if not keep:
            environment.close()

    def start_again(self, environment: Environment) -> Environment:
        """A new process in the place of one whose INIT did not succeed."""
        environment.close()
        started = Environment(environment.spec, log_stream=environment.log_stream)
        with self._lock:
            self._all.discard(environment)
            self._all.add(started)
        return started

    def provision(self, wanted: list[tuple[EnvironmentSpec, int]]) -> dict[str, int]:
        """Have exactly these numbers of environments ready ahead of invocations; how many there are, by key."""
        counts = {spec.key: count for spec, count in wanted}
        surplus, started = [], []
        with self._lock:
            self._provisioned = counts
            have: dict[str, list[Environment]] = {}
            for environment in self._all:
                if environment.provisioned and environment.alive:
                    have.setdefault(environment.spec.key, []).append(environment)
            for key, environments in have.items():
                surplus += environments[counts.get(key, 0) :]
        for environment in surplus:
            self._give_up(environment)
        for spec, count in wanted:
            self._supersede(spec)
            started += [Environment(spec, provisioned=True) for _ in range(count - len(have.get(spec.key, [])))]
        ready = {spec.key: min(count, len(have.get(spec.key, []))) for spec, count in wanted}
        for environment in started:
            environment.wait_until_ready(INIT_SECONDS)
            if environment.usable:
                self._add_idle(environment)
                ready[environment.spec.key] += 1
            else:
                environment.close()
        return ready

    def _add_idle(self, environment: Environment) -> None:
        with self._lock:
            self._all.add(environment)
            self._idle.setdefault(environment.spec.key, []).append(environment)

    def _give_up(self, environment: Environment) -> None:
        """End a provisioned environment that is no longer wanted; one at work becomes one on demand."""
        environment.provisioned = False
        with self._lock:
            idle = self._idle.get(environment.spec.key, [])
            if environment not in idle:
                return
            idle.remove(environment)
            self._all.discard(environment)
        environment.close()

    def close(self) -> None:
        with self._lock:
            environments, self._all = self._all, set()
            self._idle.clear()
        for environment in environments:
            environment.close()

    def _leave(self, key: str) -> None:
        with self._lock:
            self._running[key] -= 1
            queue = self._waiting.get(key)
            if queue:
                queue.popleft().set()

    def _supersede(self, spec: EnvironmentSpec) -> None:
        """End idle environments of an older code or configuration of the same version ($LATEST changes in place)."""
        with self._lock:
            before = self._current.get((spec.function, spec.version))
            self._current[(spec.function, spec.version)] = spec.key
            stale = self._idle.pop(before, []) if before not in (None, spec.key) else []
            self._all.difference_update(stale)
        for environment in stale:
            environment.close()

    def _reap(self) -> None:
        while True:
            time.sleep(5)
            limit = time.monotonic() - IDLE_SECONDS
            with self._lock:
                old = [
                    e
                    for idle in self._idle.values()
                    for e in idle
                    if not e.alive or (e.last_used < limit and not e.provisioned)
                ]
                for environment in old:
                    self._idle[environment.spec.key].remove(environment)
                    self._all.discard(environment)
            for environment in old:
                environment.close()
