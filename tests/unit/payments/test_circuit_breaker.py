import pytest

from payments.adapters.circuit_breaker import CircuitBreaker, CircuitOpenError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def opened() -> tuple[CircuitBreaker, Clock]:
    clock = Clock()
    breaker = CircuitBreaker(failures=2, rest_seconds=10, clock=clock)
    for _ in range(2):
        breaker.enter()
        breaker.failed()
    return breaker, clock


def test_it_opens_after_failures_in_a_row_only():
    breaker = CircuitBreaker(failures=2)
    for _ in range(3):
        breaker.enter()
        breaker.failed()
        breaker.enter()
        breaker.succeeded()
    breaker.enter()


def test_an_open_breaker_refuses_and_says_for_how_long():
    breaker, _ = opened()
    with pytest.raises(CircuitOpenError, match="2 calls in a row failed; the next is tried in 10 s"):
        breaker.enter()


def test_after_a_rest_one_call_decides():
    breaker, clock = opened()
    clock.now = 10
    breaker.enter()
    breaker.failed()
    with pytest.raises(CircuitOpenError):
        breaker.enter()
    clock.now = 20
    breaker.enter()
    with pytest.raises(CircuitOpenError):
        breaker.enter()
    breaker.succeeded()
    breaker.enter()
