"""What AWS's services do for a trace: decide about sampling, pass the header on, send their segments."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.local.xray.daemon import Daemon
from scripts.local.xray.header import TraceHeader, new_segment_id
from scripts.local.xray.sampling import Request, Sampling
from scripts.local.xray.store import TraceStore


@dataclass(slots=True)
class Segment:
    """A segment at work; `header` is what the service gives to those it calls."""

    name: str
    origin: str
    inbound: TraceHeader
    sampled: bool
    started: float = field(default_factory=time.time)
    id: str = field(default_factory=new_segment_id)
    subsegments: list[dict[str, Any]] = field(default_factory=list)

    @property
    def header(self) -> TraceHeader:
        return self.below(self.id)

    def below(self, parent: str) -> TraceHeader:
        return TraceHeader(self.inbound.root, parent, self.sampled)

    def part(self, name: str, started: float, ended: float, **more: Any) -> dict[str, Any]:
        """Add a subsegment and return it."""
        made = {"id": new_segment_id(), "name": name, "start_time": started, "end_time": max(started, ended), **more}
        self.subsegments.append(made)
        return made

    def document(self, ended: float, **more: Any) -> dict[str, Any]:
        """The segment document; empty values of `more` are left out."""
        found = {
            "id": self.id,
            "trace_id": self.inbound.root,
            "parent_id": self.inbound.parent,
            "name": self.name,
            "origin": self.origin,
            "start_time": self.started,
            "end_time": max(self.started, ended),
            "subsegments": self.subsegments,
            **more,
        }
        return {name: value for name, value in found.items() if value}


class Tracer:
    """The X-Ray of this cloud."""

    def __init__(self, folder: Path) -> None:
        self.store = TraceStore(folder / "traces.json")
        self.sampling = Sampling()
        self.daemon_address = Daemon(self.store.put).address

    def begin(self, inbound: str, name: str, origin: str, request: Request | None) -> Segment:
        """Begin a segment. Without a decision in the header, `request` is sampled by the rules, or not if None."""
        header = TraceHeader.parse(inbound)
        sampled = header.sampled
        if sampled is None:
            sampled = request is not None and self.sampling.decide(request)
        return Segment(name, origin, header, sampled)

    def end(self, segment: Segment, **more: Any) -> None:
        """Send the segment if its trace is sampled."""
        if segment.sampled:
            self.store.add(segment.document(time.time(), **more))


def outcome(status: int) -> dict[str, bool]:
    """The flags of an HTTP status: a fault is the server's, an error the client's, 429 a throttle too."""
    if status >= 500:
        return {"fault": True}
    if status == 429:
        return {"error": True, "throttle": True}
    return {"error": True} if status >= 400 else {}
