"""`make traces`: recent traces, and one as a tree with its durations; locally and on AWS."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched
from typing import TYPE_CHECKING, Any

from scripts import logs
from scripts.console import console, fail, say, show_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scripts.environment import Environment

Document = dict[str, Any]
TRACE_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
BATCH = 5
"""BatchGetTraces takes up to 5 ids."""

MOST_LISTED = 30
_LONGEST_RANGE = 6 * 3600
"""GetTraceSummaries looks at six hours at a time."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a tree: seconds from the trace's start and seconds it took."""

    depth: int
    name: str
    kind: str
    offset: float
    duration: float
    notes: str


def show(environment: Environment, *, find: str = "", since: str = "15m", filter_expression: str = "") -> None:
    """List recent traces, or show those of an id as trees.

    Args:
        environment: where to read.
        find: a trace id, or an order, correlation or request id whose traces to show.
        since: how far back: 90s, 15m, 2h.
        filter_expression: X-Ray's, for the list: 'fault', 'responsetime > 1', 'service("tradepost-local-orders-api")'.

    Raises:
        Failure: there is no such trace.
    """
    seconds = logs.seconds(since)
    client = environment.client("xray")
    if not find:
        _show_list(summaries(client, seconds, filter_expression), since)
        return
    ids = [find] if TRACE_ID.fullmatch(find) else traces_of(environment, client, find, seconds)
    found = list(get(client, ids))
    if not found:
        hint = "traces are sampled: the first request of each second and 5 % of the others; look further with --since"
        fail(f"there is no trace of {find} in the last {since}", hint)
    for trace_id, segments in sorted(found, key=lambda one: started(one[1])):
        _show_tree(trace_id, segments)


def traces_of(environment: Environment, client: Any, find: str, seconds: float) -> list[str]:
    """Return the ids of the traces that carry an id as an annotation or in a log line."""
    text = find.replace('"', "")
    names = ("order_id", "correlation_id")
    expression = " OR ".join(f'annotation.{name} = "{text}"' for name in names)
    ids = [found["Id"] for found in summaries(client, seconds, expression)]
    log_client = environment.client("logs")
    groups = logs.log_groups(log_client, environment.name)
    for event in logs.read(log_client, groups, int((time.time() - seconds) * 1000), find):
        ids += TRACE_ID.findall(event.message)
    return list(dict.fromkeys(ids))


def summaries(client: Any, seconds: float, expression: str = "", *, until: float | None = None) -> list[Document]:
    """Return the summaries of the traces that pass a filter, newest first: of the last seconds, or of those before."""
    found: list[Document] = []
    end = time.time() + 1 if until is None else until
    first = end - 1 - seconds
    while end > first:
        start = max(first, end - _LONGEST_RANGE)
        pages = client.get_paginator("get_trace_summaries").paginate(
            StartTime=start, EndTime=end, **({"FilterExpression": expression} if expression else {})
        )
        for page in pages:
            found += page["TraceSummaries"]
        end = start
    return sorted(found, key=lambda one: _seconds(one["StartTime"]), reverse=True)


def get(client: Any, ids: list[str]) -> Iterator[tuple[str, list[Document]]]:
    """Yield (id, segments) of the traces that are there."""
    for batch in batched(ids, BATCH, strict=False):
        for page in client.get_paginator("batch_get_traces").paginate(TraceIds=list(batch)):
            for trace in page["Traces"]:
                segments = [json.loads(segment["Document"]) for segment in trace["Segments"]]
                if segments:
                    yield trace["Id"], segments


def tree(segments: list[Document]) -> list[Row]:
    """Return the lines of a trace: segments under the (sub)segment that called them, in order of their start."""
    nodes = {part["id"]: part for segment in segments for part in _walk(segment)}
    below: dict[str, list[Document]] = {}
    roots: list[Document] = []
    for segment in segments:
        parent = str(segment.get("parent_id"))
        (below.setdefault(parent, []) if parent in nodes else roots).append(segment)
    zero = started(segments)

    def rows(node: Document, depth: int) -> Iterator[Row]:
        begin = float(node["start_time"])
        end = float(node.get("end_time") or begin)
        notes = [name for name in ("fault", "error", "throttle", "in_progress") if node.get(name)]
        notes += [f"linked to {link['trace_id']}" for link in node.get("links", [])]
        yield Row(depth, str(node["name"]), str(node.get("origin", "")), begin - zero, end - begin, ", ".join(notes))
        children = [*node.get("subsegments", []), *below.get(node["id"], [])]
        for child in sorted(children, key=lambda one: float(one["start_time"])):
            yield from rows(child, depth + 1)

    return [row for root in sorted(roots, key=lambda one: float(one["start_time"])) for row in rows(root, 0)]


def started(segments: Iterable[Document]) -> float:
    """Return when a trace began, Unix seconds."""
    return min(float(segment["start_time"]) for segment in segments)


def _walk(node: Document) -> Iterator[Document]:
    yield node
    for part in node.get("subsegments", []):
        yield from _walk(part)


def _show_list(found: list[Document], since: str) -> None:
    if not found:
        say(f"no traces in the last {since}; look further back with --since", style="dim")
        return
    rows = [
        (
            f"{datetime.fromtimestamp(_seconds(one['StartTime']), UTC).astimezone():%H:%M:%S}",
            one["Id"],
            f"{one.get('Duration', 0) * 1000:.0f}",
            " ".join(name for name, flag in (("fault", "HasFault"), ("error", "HasError")) if one.get(flag)) or "ok",
            str((one.get("EntryPoint") or {}).get("Name", "")),
        )
        for one in found[:MOST_LISTED]
    ]
    show_table(["started", "trace", "ms>", "", "entry point"], rows)
    if len(found) > MOST_LISTED:
        say(f"{len(found) - MOST_LISTED} more; narrow it down with --filter", style="dim")


def _show_tree(trace_id: str, segments: list[Document]) -> None:
    at = datetime.fromtimestamp(started(segments), UTC).astimezone()
    console.print(f"[bold]{trace_id}[/bold] [dim]{at:%H:%M:%S}[/dim]")
    rows = [
        (
            f"{'  ' * row.depth}{row.name}",
            f"{row.offset * 1000:.1f}",
            f"{row.duration * 1000:.1f}",
            row.notes or row.kind,
        )
        for row in tree(segments)
    ]
    show_table(["", "at ms>", "took ms>", ""], rows)
    console.print()


def _seconds(when: datetime | float) -> float:
    return when.timestamp() if isinstance(when, datetime) else float(when)
