"""The trace header, segment documents, filter expressions and sampling, without a cloud."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.local.xray import daemon, store
from scripts.local.xray.filters import FilterError, compile_filter
from scripts.local.xray.header import TraceHeader, new_segment_id, new_trace_id
from scripts.local.xray.sampling import Request, Sampling
from scripts.local.xray.store import InvalidSegmentError, TraceStore

ROOT = "1-67891233-abcdef012345678912345678"
SUMMARY: dict[str, Any] = {
    "Id": ROOT,
    "Duration": 1.5,
    "ResponseTime": 0.5,
    "HasFault": False,
    "HasError": True,
    "HasThrottle": False,
    "IsPartial": False,
    "Http": {"HttpStatus": 404, "HttpURL": "https://shop/orders"},
    "EntryPoint": {"Name": "gateway"},
    "ServiceIds": [{"Name": "gateway", "Type": "AWS::ApiGateway::Stage"}, {"Name": "api", "Type": "AWS::Lambda"}],
    "Annotations": {"n": [{"AnnotationValue": {"NumberValue": 7.0}}]},
}


def document(**fields: Any) -> str:
    made = {"id": new_segment_id(), "trace_id": ROOT, "name": "n", "start_time": 1.0, "end_time": 2.0}
    return json.dumps(made | fields)


@given(
    st.sampled_from(["", "0123456789abcdef"]),
    st.sampled_from([None, True, False]),
)
def test_a_header_reads_as_it_was_written(parent: str, sampled: bool | None) -> None:
    header = TraceHeader(new_trace_id(), parent, sampled)
    assert TraceHeader.parse(str(header)) == header


@pytest.mark.parametrize("text", ["", "Root=1-2-3", "nonsense", "Parent=0123456789abcdef;Sampled=1"])
def test_a_malformed_header_begins_a_new_trace(text: str) -> None:
    first, second = TraceHeader.parse(text), TraceHeader.parse(text)
    assert first.root != second.root
    assert (first.parent, first.sampled) == ("", None)


def test_a_header_may_be_quoted_and_carry_more_fields() -> None:
    assert TraceHeader.parse(f"Self=1-2; Root%3D{ROOT}%3BSampled%3D1") == TraceHeader(ROOT, "", True)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"trace_id": "1-2-3"}, "InvalidTraceId"),
        ({"id": "x"}, "InvalidId"),
        ({"name": ""}, "MissingName"),
        ({"start_time": None}, "MissingStartTime"),
        ({"end_time": None}, "MissingEndTime"),
        ({"type": "subsegment"}, "MissingParentId"),
        ({"metadata": "x" * 64 * 1024}, "SegmentTooLarge"),
    ],
)
def test_a_document_that_is_no_segment_is_refused(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidSegmentError) as error:
        store.parse(document(**fields))
    assert error.value.code == code


def test_subsegments_find_their_parents_in_any_order(tmp_path: Path) -> None:
    traces = TraceStore(tmp_path / "traces.json")
    traces.put(document(id="c" * 16, type="subsegment", parent_id="b" * 16))
    traces.put(document(id="b" * 16, type="subsegment", parent_id="a" * 16))
    traces.put(document(id="d" * 16, type="subsegment", parent_id="e" * 16))
    traces.put(document(id="a" * 16, in_progress=True))
    traces.put(document(id="a" * 16, name="whole"))
    trace = traces.get(ROOT)
    assert trace is not None
    found = {segment["id"][0]: segment for segment in trace.segments()}
    assert set(found) == {"a", "d"}
    assert found["a"]["name"] == "whole"
    assert found["a"]["subsegments"][0]["subsegments"][0]["id"] == "c" * 16


def test_the_store_forgets_the_oldest_traces_and_survives_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "STORE_LIMIT_BYTES", 3000)
    traces = TraceStore(tmp_path / "traces.json")
    ids = [new_trace_id() for _ in range(40)]
    for trace_id in ids:
        traces.put(document(trace_id=trace_id))
    kept = [trace.id for trace in traces.all()]
    assert 5 < len(kept) < 40
    assert kept == ids[-len(kept) :]
    traces.save()
    again = TraceStore(tmp_path / "traces.json")
    again.restore()
    assert [trace.id for trace in again.all()] == kept


def test_a_trace_stops_at_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "TRACE_LIMIT_BYTES", 400)
    traces = TraceStore(tmp_path / "traces.json")
    for _ in range(10):
        traces.put(document())
    trace = traces.get(ROOT)
    assert trace is not None
    assert trace.limit_exceeded
    assert 1 <= len(trace.documents) < 10


@pytest.mark.parametrize(
    ("expression", "passes"),
    [
        ("", True),
        ("error", True),
        ("fault OR ok", False),
        ("!fault AND NOT ok", True),
        ("responsetime >= 0.5 AND duration < 2", True),
        ('service("api") AND (http.status = 404 OR fault)', True),
        ('service(id(name: "api", type: "AWS::ApiGateway::Stage"))', False),
        ("annotation.n = 7", True),
        ("annotation[n] != 7", False),
        ("annotation.missing", False),
        ('http.url CONTAINS "orders" AND name BEGINSWITH "gate"', True),
        ('annotation.n > "a"', False),
    ],
)
def test_filters(expression: str, *, passes: bool) -> None:
    assert compile_filter(expression)(SUMMARY) is passes


@pytest.mark.parametrize(
    "expression", ["service(", "error AND", "colour = 1", "(error", "error error", "responsetime >"]
)
def test_an_expression_that_cannot_be_read_is_refused(expression: str) -> None:
    with pytest.raises(FilterError):
        compile_filter(expression)


def test_the_first_rule_that_fits_decides() -> None:
    sampling = Sampling()
    default = sampling.records["Default"]["SamplingRule"]
    default.update(FixedRate=0.0, ReservoirSize=0)
    rule = {**default, "RuleName": "orders", "Priority": 1, "FixedRate": 1.0, "ServiceName": "orders-*"}
    sampling.records["orders"] = {"SamplingRule": rule}
    assert sampling.decide(Request("orders-api", "AWS::Lambda::Function", "arn")) is True
    assert sampling.decide(Request("catalog-api", "AWS::Lambda::Function", "arn")) is False


def test_a_datagram_has_the_daemons_header() -> None:
    assert daemon.document_of(b'{"format": "json", "version": 1}\n{"id": 1}') == '{"id": 1}'
    for datagram in (b'{"format": "json", "version": 2}\n{}', b"{}", b"[]\n{}", b"\xff"):
        with pytest.raises(ValueError, match="header"):
            daemon.document_of(datagram)
