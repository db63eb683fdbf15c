"""What GetTraceSummaries says of a trace."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scripts.local.settings import ACCOUNT_ID
from scripts.local.xray.store import Document, Trace, walk

Summary = dict[str, Any]


def summary(trace: Trace) -> Summary:
    """A TraceSummary. Duration is from the first start to the last end, ResponseTime that of the root segment."""
    segments = trace.segments()
    root = root_of(segments)
    start, end = span(segments)
    http = root.get("http") or {}
    request, response = http.get("request") or {}, http.get("response") or {}
    found = {
        "HttpURL": request.get("url"),
        "HttpMethod": request.get("method"),
        "UserAgent": request.get("user_agent"),
        "ClientIp": request.get("client_ip"),
        "HttpStatus": response.get("status"),
    }
    return {
        "Id": trace.id,
        "StartTime": start,
        "Duration": round(end - start, 3),
        "ResponseTime": round(float(root.get("end_time") or end) - float(root["start_time"]), 3),
        "HasFault": any(document.get("fault") for document in segments),
        "HasError": any(document.get("error") for document in segments),
        "HasThrottle": any(document.get("throttle") for document in segments),
        "IsPartial": any(document.get("in_progress") for document in segments),
        "Http": {key: value for key, value in found.items() if value},
        "Annotations": _annotations(segments),
        "Users": [],
        "ServiceIds": _services(segments),
        "EntryPoint": service_id(root),
        "Revision": len(trace.documents),
        "MatchedEventTime": end,
    }


def root_of(segments: list[Document]) -> Document:
    """The segment that nothing in the trace called: the earliest of them."""
    ids = {part["id"] for segment in segments for part in walk(segment)}
    roots = [segment for segment in segments if segment.get("parent_id") not in ids]
    return min(roots or segments, key=lambda segment: float(segment["start_time"]))


def span(segments: Iterable[Document]) -> tuple[float, float]:
    """(first start, last end) in Unix seconds."""
    found = [(float(segment["start_time"]), float(segment.get("end_time") or 0)) for segment in segments]
    return min(start for start, _ in found), max(max(times) for times in found)


def service_id(segment: Document) -> dict[str, Any]:
    name = str(segment["name"])
    return {"Name": name, "Names": [name], "AccountId": ACCOUNT_ID, "Type": str(segment.get("origin", "client"))}


def _services(segments: list[Document]) -> list[dict[str, Any]]:
    found = {(segment["name"], segment.get("origin")): service_id(segment) for segment in segments}
    return list(found.values())


def _annotations(segments: list[Document]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for segment in segments:
        for part in walk(segment):
            for key, value in (part.get("annotations") or {}).items():
                entry = {"AnnotationValue": _typed(value), "ServiceIds": [service_id(segment)]}
                if entry not in found.setdefault(key, []):
                    found[key].append(entry)
    return found


def _typed(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BooleanValue": value}
    if isinstance(value, int | float):
        return {"NumberValue": float(value)}
    return {"StringValue": str(value)}
