"""Traces in memory: segments by trace, subsegments that arrive alone put under their parents, bounded in size."""

from __future__ import annotations

import copy
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.local.snapshot import replace_file
from scripts.local.xray.header import is_segment_id, is_trace_id

Document = dict[str, Any]
SEGMENT_LIMIT_BYTES = 64 * 1024
TRACE_LIMIT_BYTES = 500 * 1024
STORE_LIMIT_BYTES = 32 * 1024 * 1024
"""All traces together; the oldest go first. AWS keeps 30 days, and 500 KB of a trace."""


class InvalidSegmentError(Exception):
    """A segment document that X-Ray refuses: `code` is its ErrorCode."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Trace:
    """The documents of one trace as they arrived; the last document of an id counts."""

    id: str
    documents: dict[str, Document] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    limit_exceeded: bool = False

    @property
    def started(self) -> float:
        return min(float(document["start_time"]) for document in self.documents.values())

    def segments(self) -> list[Document]:
        """Whole segments by start, with their subsegments in them; a subsegment of an unknown parent stands alone."""
        documents = {key: _copy(document) for key, document in self.documents.items()}
        places = {part["id"]: part for document in documents.values() for part in walk(document) if "id" in part}
        alone: list[Document] = []
        for document in documents.values():
            parent = places.get(str(document.get("parent_id"))) if document.get("type") == "subsegment" else None
            if parent is None or parent is document:
                alone.append(document)
            else:
                parent.setdefault("subsegments", []).append(document)
        for document in alone:
            for part in walk(document):
                part.get("subsegments", []).sort(key=lambda found: found["start_time"])
        return sorted(alone, key=lambda found: float(found["start_time"]))


class TraceStore:
    """Every trace of the account."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._traces: OrderedDict[str, Trace] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def put(self, text: str) -> None:
        """Take a segment document; raises InvalidSegmentError."""
        document = parse(text)
        with self._lock:
            trace = self._traces.setdefault(document["trace_id"], Trace(document["trace_id"]))
            size = len(text)
            before = trace.sizes.get(document["id"], 0)
            if sum(trace.sizes.values()) - before + size > TRACE_LIMIT_BYTES:
                trace.limit_exceeded = True
                return
            trace.documents[document["id"]] = document
            trace.sizes[document["id"]] = size
            self._bytes += size - before
            while self._bytes > STORE_LIMIT_BYTES:
                _, oldest = self._traces.popitem(last=False)
                self._bytes -= sum(oldest.sizes.values())

    def add(self, document: Document) -> None:
        """Take a segment that a service of this cloud made."""
        self.put(json.dumps(document))

    def get(self, trace_id: str) -> Trace | None:
        with self._lock:
            found = self._traces.get(trace_id)
            return found and copy.copy(found)

    def all(self) -> list[Trace]:
        """Every trace that has a segment, the newest last."""
        with self._lock:
            return [Trace(trace.id, dict(trace.documents)) for trace in self._traces.values() if trace.documents]

    def save(self) -> None:
        """Write all documents; only when the cloud stops, as for log events."""
        documents = [document for trace in self.all() for document in trace.documents.values()]
        replace_file(self._file, json.dumps(documents).encode())

    def restore(self) -> None:
        if self._file.exists():
            for document in json.loads(self._file.read_bytes()):
                self.add(document)

    def clear(self) -> None:
        with self._lock:
            self._traces.clear()
            self._bytes = 0


def _copy(document: Document) -> Document:
    """A copy to which subsegments can be added; everything else is shared."""
    return {**document, "subsegments": [_copy(part) for part in document.get("subsegments") or []]}


def walk(document: Document) -> Iterator[Document]:
    """The document and everything under it."""
    yield document
    for part in document.get("subsegments") or []:
        yield from walk(part)


def parse(text: str) -> Document:
    """Check a document against the rules for segments; raises InvalidSegmentError."""
    if len(text) > SEGMENT_LIMIT_BYTES:
        raise InvalidSegmentError("SegmentTooLarge", f"a segment document may have {SEGMENT_LIMIT_BYTES} bytes")
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise InvalidSegmentError("ParseError", "the segment document is not a JSON object")
    for name, valid in (("trace_id", is_trace_id), ("id", is_segment_id)):
        if not valid(document.get(name)):
            raise InvalidSegmentError("Invalid" + name.title().replace("_", ""), f"{name} is missing or malformed")
    if not isinstance(document.get("name"), str) or not document["name"]:
        raise InvalidSegmentError("MissingName", "name is missing")
    if not isinstance(document.get("start_time"), int | float):
        raise InvalidSegmentError("MissingStartTime", "start_time is missing")
    if not isinstance(document.get("end_time"), int | float) and document.get("in_progress") is not True:
        raise InvalidSegmentError("MissingEndTime", "neither end_time nor in_progress is set")
    if document.get("type") == "subsegment" and not is_segment_id(document.get("parent_id")):
        raise InvalidSegmentError("MissingParentId", "a subsegment that is sent alone names its parent_id")
    return document
