"""GetServiceGraph: a node per service, an edge per "calls", with counts and times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from scripts.local.xray.store import Document, Trace, walk
from scripts.local.xray.summaries import service_id, span

Key = tuple[str, str]


@dataclass(slots=True)
class _Statistics:
    """Counts and times in seconds of the segments behind a node or an edge."""

    segments: list[Document] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        faults = sum(1 for found in self.segments if found.get("fault"))
        throttles = sum(1 for found in self.segments if found.get("throttle"))
        errors = sum(1 for found in self.segments if found.get("error") and not found.get("fault"))
        return {
            "OkCount": len(self.segments) - faults - errors,
            "ErrorStatistics": {
                "ThrottleCount": throttles,
                "OtherCount": max(0, errors - throttles),
                "TotalCount": errors,
            },
            "FaultStatistics": {"OtherCount": faults, "TotalCount": faults},
            "TotalCount": len(self.segments),
            "TotalResponseTime": round(sum(map(_seconds, self.segments)), 6),
        }

    def histogram(self) -> list[dict[str, Any]]:
        times = [round(_seconds(found), 3) for found in self.segments]
        return [{"Value": value, "Count": times.count(value)} for value in sorted(set(times))]

    def period(self) -> dict[str, float]:
        start, end = span(self.segments)
        return {"StartTime": start, "EndTime": end}


def service_graph(traces: list[Trace]) -> list[dict[str, Any]]:
    """The services of these traces with their edges; reference ids count from 0."""
    nodes: dict[Key, _Statistics] = {}
    edges: dict[tuple[Key, Key], _Statistics] = {}
    roots: set[Key] = set()
    for trace in traces:
        segments = trace.segments()
        owner = {part["id"]: _key(segment) for segment in segments for part in walk(segment)}
        for segment in segments:
            key = _key(segment)
            nodes.setdefault(key, _Statistics()).segments.append(segment)
            caller = owner.get(str(segment.get("parent_id")))
            if caller is None:
                roots.add(key)
            elif caller != key:
                edges.setdefault((caller, key), _Statistics()).segments.append(segment)
    references = {key: number for number, key in enumerate(nodes)}
    return [
        {
            "ReferenceId": references[key],
            **service_id(found.segments[0]),
            "Root": key in roots,
            "State": "active",
            **found.period(),
            "Edges": [
                {
                    "ReferenceId": references[callee],
                    **edge.period(),
                    "SummaryStatistics": edge.to_json(),
                    "ResponseTimeHistogram": edge.histogram(),
                    "Aliases": [],
                }
                for (caller, callee), edge in edges.items()
                if caller == key
            ],
            "SummaryStatistics": found.to_json(),
            "DurationHistogram": found.histogram(),
            "ResponseTimeHistogram": found.histogram(),
        }
        for key, found in nodes.items()
    ]


def _key(segment: Document) -> Key:
    return str(segment["name"]), str(segment.get("origin", "client"))


def _seconds(segment: Document) -> float:
    return float(segment.get("end_time") or segment["start_time"]) - float(segment["start_time"])
