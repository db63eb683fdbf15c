"""The health event: answered for every function by the shared decorator, and nothing else happens."""

from typing import Any

import pytest

from shared import observability
from tests.unit.shared.support import Context


class Version(Context):
    _function_version = "8"


def test_it_is_answered_without_the_function_and_without_a_trace(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "orders")
    calls: list[Any] = []
    handle: Any = observability.handler()(lambda event, _: calls.append(event))
    answer = handle({"tradepost": "health"}, Version())
    assert answer == {"healthy": True, "service": "orders", "function": "test", "version": "8"}
    assert not calls
    assert capsys.readouterr().out == ""


def test_a_function_that_cannot_prepare_is_not_healthy() -> None:
    def prepare() -> None:
        raise LookupError("no table")

    with pytest.raises(LookupError, match="no table"):
        observability.handler(prepare)(lambda event, _: event)({"tradepost": "health"}, Version())


@pytest.mark.parametrize("event", [{"tradepost": "health", "Records": []}, {"tradepost": "sick"}, {}])
def test_any_other_event_goes_to_the_function(event: dict[str, Any]) -> None:
    assert observability.handler()(lambda event, _: {"got": event})(event, Version()) == {"got": event}
