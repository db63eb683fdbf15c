"""The tracing header X-Amzn-Trace-Id: Root=1-<time>-<random>;Parent=<segment id>;Sampled=0|1."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from urllib.parse import unquote

_TRACE_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
_SEGMENT_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class TraceHeader:
    """A trace and its place in it. `parent` is empty at the root; `sampled` is None while nobody has decided."""

    root: str
    parent: str = ""
    sampled: bool | None = None

    @classmethod
    def parse(cls, text: str) -> TraceHeader:
        """Read a header; what is missing or malformed begins a new trace, as AWS does."""
        fields = dict(part.strip().partition("=")[::2] for part in unquote(text).split(";"))
        root = fields.get("Root", "").lower()
        if not is_trace_id(root):
            return cls(new_trace_id())
        parent = fields.get("Parent", "").lower()
        sampled = {"0": False, "1": True}.get(fields.get("Sampled", ""))
        return cls(root, parent if is_segment_id(parent) else "", sampled)

    def __str__(self) -> str:
        parts = [f"Root={self.root}"]
        if self.parent:
            parts.append(f"Parent={self.parent}")
        if self.sampled is not None:
            parts.append(f"Sampled={int(self.sampled)}")
        return ";".join(parts)


def new_trace_id() -> str:
    return f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"


def new_segment_id() -> str:
    return secrets.token_hex(8)


def is_trace_id(value: object) -> bool:
    return isinstance(value, str) and _TRACE_ID.fullmatch(value) is not None


def is_segment_id(value: object) -> bool:
    return isinstance(value, str) and _SEGMENT_ID.fullmatch(value) is not None
