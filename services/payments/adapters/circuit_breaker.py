"""A circuit breaker: after some failures in a row the other side is left alone for a while. Standard library only.

Its state is that of one process, which on Lambda serves one request at a time: each environment finds out by itself
that the provider is down, waits for its time-outs a few times and then answers at once. Nothing is shared, so nothing
that is shared can be down, and one environment's trouble with its network does not stop the others.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

FAILURES = 5
REST_SECONDS = 10.0


class CircuitOpenError(Exception):
    """The other side has failed several times in a row and is left alone."""


@dataclass(slots=True)
class CircuitBreaker:
    """Closed while calls succeed; open for ``rest_seconds`` after ``failures`` in a row; then one call decides."""

    failures: int = FAILURES
    rest_seconds: float = REST_SECONDS
    clock: Callable[[], float] = time.monotonic
    _failed: int = 0
    _open_until: float = 0.0

    def enter(self) -> None:
        """Before a call; raises CircuitOpenError while the breaker is open."""
        if self._failed < self.failures:
            return
        now = self.clock()
        if now < self._open_until:
            raise CircuitOpenError(
                f"{self._failed} calls in a row failed; the next is tried in {self._open_until - now:.0f} s"
            )
        self._open_until = now + self.rest_seconds

    def succeeded(self) -> None:
        """The call was answered."""
        self._failed = 0

    def failed(self) -> None:
        """The call was not answered, or by a server that is in trouble."""
        self._failed += 1
        self._open_until = self.clock() + self.rest_seconds
