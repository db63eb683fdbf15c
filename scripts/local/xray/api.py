"""The X-Ray API (REST, JSON): segments in; summaries, traces, the service graph, groups and sampling rules out."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from scripts.local.xray import graph, groups, rules
from scripts.local.xray.errors import ApiError
from scripts.local.xray.filters import FilterError, compile_filter
from scripts.local.xray.groups import Groups
from scripts.local.xray.store import InvalidSegmentError, Trace
from scripts.local.xray.summaries import summary
from scripts.local.xray.tracer import Tracer

Body = dict[str, Any]
Response = tuple[int, dict[str, str], bytes]
PAGE = 100
MOST_TRACES = 5
"""BatchGetTraces takes up to 5 ids."""


class Api:
    """Answers requests by their path."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self.groups = Groups()
        operations: dict[str, Callable[[Body], Body]] = {
            "/TraceSegments": self._put_segments,
            "/TelemetryRecords": lambda _: {},
            "/TraceSummaries": self._summaries,
            "/Traces": self._traces,
            "/ServiceGraph": self._graph,
            "/TraceGraph": self._trace_graph,
            "/EncryptionConfig": lambda _: {"EncryptionConfig": {"Status": "ACTIVE", "Type": "NONE"}},
            **groups.operations(self.groups),
            **rules.operations(tracer.sampling),
        }
        self._operations = operations

    async def handle_request(
        self,
        method: str,  # noqa: ARG002
        path: str,
        headers: dict[str, str],  # noqa: ARG002
        body: bytes,
        query_params: dict[str, Any],  # noqa: ARG002
    ) -> Response:
        """X-Ray tells operations apart by their path alone. In a thread: thousands of traces take a while to read."""
        operation = self._operations.get(path.rstrip("/"), _unknown)
        try:
            return _answer(200, await asyncio.to_thread(operation, json.loads(body or b"{}")))
        except ApiError as error:
            return _answer(error.status, {"Message": str(error), "message": str(error)}, error.code)
        except (FilterError, ValueError) as error:
            return _answer(400, {"Message": str(error), "message": str(error)}, "InvalidRequestException")

    def get_state(self) -> Body:
        """What the snapshot keeps; segments are saved when the cloud stops."""
        return {
            "groups": self.groups.by_arn,
            "tags": self.groups.tags,
            "sampling_rules": self._tracer.sampling.records,
        }

    def load_persisted_state(self, data: Body) -> None:
        self.groups.by_arn.update(data["groups"])
        self.groups.tags.update(data["tags"])
        self._tracer.sampling.records.update(data["sampling_rules"])

    def reset(self) -> None:
        self.groups.by_arn.clear()
        self.groups.tags.clear()
        self._tracer.sampling.reset()
        self._tracer.store.clear()

    def _put_segments(self, body: Body) -> Body:
        refused = []
        for text in body.get("TraceSegmentDocuments") or []:
            try:
                self._tracer.store.put(text)
            except InvalidSegmentError as error:
                refused.append({"ErrorCode": error.code, "Message": str(error), **_segment_id(text)})
        return {"UnprocessedTraceSegments": refused}

    def _summaries(self, body: Body) -> Body:
        start, end = _period(body)
        passes = compile_filter(body.get("FilterExpression") or "")
        found = [summary(trace) for trace in self._begun(start, end)]
        found = [one for one in found if passes(one)]
        found.sort(key=lambda one: float(one["StartTime"]), reverse=True)
        page, token = _page(found, body.get("NextToken"))
        return {
            "TraceSummaries": page,
            "ApproximateTime": time.time(),
            "TracesProcessedCount": len(found),
            **({"NextToken": token} if token else {}),
        }

    def _begun(self, start: float, end: float) -> list[Trace]:
        return [trace for trace in self._tracer.store.all() if start <= trace.started < end]

    def _traces(self, body: Body) -> Body:
        wanted = body.get("TraceIds") or []
        if len(wanted) > MOST_TRACES:
            raise ApiError("InvalidRequestException", f"TraceIds may have up to {MOST_TRACES} ids")
        found = {trace_id: self._tracer.store.get(trace_id) for trace_id in wanted}
        return {
            "Traces": [_trace(trace) for trace in found.values() if trace],
            "UnprocessedTraceIds": [trace_id for trace_id, trace in found.items() if trace is None],
        }

    def _graph(self, body: Body) -> Body:
        start, end = _period(body)
        passes = compile_filter(self.groups.filter_of(body))
        traces = [trace for trace in self._begun(start, end) if passes(summary(trace))]
        services = graph.service_graph(traces)
        return {"StartTime": start, "EndTime": end, "Services": services, "ContainsOldGroupVersions": False}

    def _trace_graph(self, body: Body) -> Body:
        found = [self._tracer.store.get(trace_id) for trace_id in body.get("TraceIds") or []]
        return {"Services": graph.service_graph([trace for trace in found if trace])}


def _unknown(_: Body) -> Body:
    raise ApiError("UnknownOperationException", "this operation is not known here", 404)


def _trace(trace: Trace) -> Body:
    about = summary(trace)
    return {
        "Id": trace.id,
        "Duration": about["Duration"],
        "LimitExceeded": trace.limit_exceeded,
        "Segments": [{"Id": segment["id"], "Document": json.dumps(segment)} for segment in trace.segments()],
    }


def _period(body: Body) -> tuple[float, float]:
    try:
        start, end = float(body["StartTime"]), float(body["EndTime"])
    except (KeyError, TypeError, ValueError):
        raise ApiError("InvalidRequestException", "StartTime and EndTime are required") from None
    if end < start:
        raise ApiError("InvalidRequestException", "StartTime must be before EndTime")
    return start, end


def _page(found: list[Body], token: str | None) -> tuple[list[Body], str | None]:
    begin = int(token or 0)
    rest = begin + PAGE
    return found[begin:rest], str(rest) if rest < len(found) else None


def _segment_id(text: str) -> dict[str, str]:
    try:
        return {"Id": str(json.loads(text)["id"])}
    except (ValueError, KeyError, TypeError):
        return {}


def _answer(status: int, body: Body, error: str = "") -> Response:
    headers = {"Content-Type": "application/json", **({"x-amzn-ErrorType": error} if error else {})}
    return status, headers, json.dumps(body).encode()
