import sys
from types import SimpleNamespace
from typing import Any

import pytest

from shared.tracing import span

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled="


class Recorder:
    """Stands in for the SDK's recorder."""

    def __init__(self) -> None:
        self.log: list[tuple[Any, ...]] = []

    def begin_subsegment(self, name: str) -> "Recorder":
        self.log.append(("begin", name))
        return self

    def put_annotation(self, key: str, value: object) -> None:
        self.log.append((key, value))

    def add_exception(self, error: Exception, _stack: list[object]) -> None:
        self.log.append(("error", type(error)))

    def end_subsegment(self) -> None:
        self.log.append(("end",))


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    stand_in = Recorder()
    monkeypatch.setitem(sys.modules, "aws_xray_sdk", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "aws_xray_sdk.core", SimpleNamespace(xray_recorder=stand_in))
    monkeypatch.setenv("LAMBDA_TASK_ROOT", "/var/task")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE + "1")
    return stand_in


def test_a_sampled_request_gets_its_spans(recorder: Recorder):
    with span("outer", order_id="o"), span("inner"):
        pass
    assert recorder.log == [("begin", "outer"), ("order_id", "o"), ("begin", "inner"), ("end",), ("end",)]


def test_an_error_is_noted_and_goes_on(recorder: Recorder):
    with pytest.raises(KeyError), span("work"):
        raise KeyError
    assert recorder.log == [("begin", "work"), ("error", KeyError), ("end",)]


@pytest.mark.parametrize("missing", ["LAMBDA_TASK_ROOT", "_X_AMZN_TRACE_ID"])
def test_outside_lambda_nothing_is_recorded(recorder: Recorder, monkeypatch: pytest.MonkeyPatch, missing: str):
    monkeypatch.delenv(missing)
    with span("work"):
        pass
    assert recorder.log == []


def test_a_request_that_is_not_sampled_records_nothing(recorder: Recorder, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE + "0")
    with span("work"):
        pass
    assert recorder.log == []
