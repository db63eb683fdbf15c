"""What leaves the process by the log: lines of one form, and nothing that must not be seen."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from shared import observability
from shared.observability import correlation_id, handler, logger
from tests.unit.shared.support import Context

TOKEN = "tok_4242424242424242"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the logger writes; its own stream is that of the process at the first import."""
    stream = io.StringIO()
    copy = logging.StreamHandler(stream)
    copy.setFormatter(logger.registered_formatter)
    target = logging.getLogger(logger.name)
    target.addHandler(copy)
    yield stream
    target.removeHandler(copy)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_error_with_a_secret_goes_on_without_it(written: io.StringIO) -> None:
    @handler()
    def fails(_event: dict[str, Any], _context: Any) -> None:
        raise ValueError(f"the provider refuses {TOKEN}", {"card": TOKEN})

    # Lambda writes what comes out of here into the log once more.
    with pytest.raises(ValueError, match="refuses") as raised:
        fails({}, Context())
    [line] = lines(written)
    assert line["level"] == "ERROR"
    assert line["exception_name"] == "ValueError"
    assert TOKEN not in json.dumps(line)
    assert TOKEN not in str(raised.value)


def test_fields_and_values_of_every_kind_are_cleaned(written: io.StringIO) -> None:
    class Opaque:
        def __str__(self) -> str:
            return f"<{TOKEN}>"

    logger.info("charged", extra={"payment_method": "visa", "answer": {"items": [TOKEN]}, "object": Opaque()})
    [line] = lines(written)
    assert line["payment_method"] == "[redacted]"
    assert line["message"] == "charged"
    assert TOKEN not in json.dumps(line)


def test_libraries_write_warnings_alone_and_in_our_form(monkeypatch: pytest.MonkeyPatch) -> None:
    root, runtimes = logging.getLogger(), logging.StreamHandler()
    monkeypatch.setattr(root, "handlers", [runtimes])
    monkeypatch.setattr(root, "level", logging.DEBUG)
    observability._quiet_libraries()
    assert root.level == logging.WARNING
    record = logging.LogRecord("botocore", logging.WARNING, "x.py", 1, f"refused {TOKEN}", None, None)
    line = json.loads(runtimes.format(record))
    assert (line["level"], line["message"]) == ("WARNING", "refused [redacted]")


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ({"correlation_id": "of-a-command"}, "of-a-command"),
        ({"source": "tradepost.orders", "detail": {"correlation_id": "of-an-event"}}, "of-an-event"),
        ({"headers": {"X-Correlation-Id": "of-a-caller"}, "requestContext": {"requestId": "r"}}, "of-a-caller"),
        ({"headers": {"X-Correlation-Id": "not one"}, "requestContext": {"requestId": "r"}}, "r"),
        ({"detail": "text"}, None),
        ({}, None),
    ],
)
def test_the_correlation_id_is_found_in_whatever_comes(event: dict[str, Any], found: str | None) -> None:
    assert correlation_id(event) == found
