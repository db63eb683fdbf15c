"""A log level that changes while the function runs."""

import json
import threading
from collections.abc import Callable

import pytest

from shared.log_level import CHECK_SECONDS, PATIENCE, LogLevel

NOW = 1767225600.0
LATER = "2026-01-01T00:10:00.000Z"


class World:
    """Parameter Store, a clock, and the level that was set last."""

    def __init__(self) -> None:
        self.value: str | Exception | None = None
        self.now = NOW
        self.reads = 0
        self.level = "INFO"
        self.log_level = LogLevel(self._apply, "INFO", self._read, lambda: self.now)

    def _apply(self, level: str) -> None:
        self.level = level

    def _read(self) -> str | None:
        self.reads += 1
        if isinstance(self.value, Exception):
            raise self.value
        return self.value

    def request(self, after: float = 0.0) -> str:
        """Serve a request, let its reading end, and tell the level."""
        self.now += after
        self.log_level.follow()
        if self.log_level._reading is not None:
            self.log_level._reading.join()
        return self.level


def value(level: str = "DEBUG", until: str = LATER) -> str:
    return json.dumps({"level": level, "until": until})


@pytest.fixture
def world() -> World:
    return World()


def test_a_level_is_taken_up_and_goes_back_by_itself(world: World) -> None:
    world.value = value()
    assert world.request() == "DEBUG"
    assert world.request(after=599) == "DEBUG"
    assert world.request(after=1) == "INFO"


def test_the_parameter_is_read_once_in_a_while(world: World) -> None:
    world.request()
    world.value = value()
    assert world.request(after=CHECK_SECONDS - 1) == "INFO"
    assert world.reads == 1
    assert world.request(after=1) == "DEBUG"
    assert world.reads == 2


def test_a_level_that_is_taken_back_ends(world: World) -> None:
    world.value = value()
    world.request()
    world.value = None
    assert world.request(after=CHECK_SECONDS) == "INFO"


@pytest.mark.parametrize(
    "broken", ["no json", "[]", "{}", value(until="soon"), value(until="2025-01-01T00:00:00Z"), value("LOUD")]
)
def test_what_is_no_level_changes_nothing(world: World, broken: str) -> None:
    world.value = broken
    assert world.request() == "INFO"


def test_a_store_out_of_reach_is_left_alone_for_a_while(world: World) -> None:
    world.value = TimeoutError()
    assert world.request() == "INFO"
    world.value = value()
    assert world.request(after=CHECK_SECONDS * (PATIENCE - 1)) == "INFO"
    assert world.reads == 1


def test_no_request_waits_for_it() -> None:
    answered = threading.Event()
    level = LogLevel(lambda _level: None, "INFO", _waits_for(answered))
    level.follow()
    level.follow()  # the first reading is still under way
    answered.set()


def _waits_for(event: threading.Event) -> Callable[[], str | None]:
    def read() -> str | None:
        event.wait(10)
        return None

    return read
