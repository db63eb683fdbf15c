"""`make order ID=`: what the platform knows of one order: rows, log lines, traces, workflows, failures, repairs."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scripts import log_lines, logs, traces
from scripts.console import console, duration, fail, say, show_table, step
from scripts.deployed import Deployed
from scripts.oncall.order import tables, workflows
from scripts.oncall.order.timeline import UNKNOWN, Entry, began, merged
from scripts.oncall.redrive import topology
from scripts.oncall.redrive.messages import look

if TYPE_CHECKING:
    from scripts.environment import Environment

BEFORE_SECONDS = 60
AFTER_SECONDS = 3600
MOST_IDS = 5
MOST_FAILURES = 200
_BAD_LEVELS = ("WARNING", "ERROR", "CRITICAL")


@dataclass(slots=True)
class Known:
    """What was found; `notes` tell where nothing could be looked for."""

    entries: list[Entry] = field(default_factory=list)
    correlations: list[str] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def show(environment: Environment, *, order_id: str, level: str = "") -> None:
    """Print one order's timeline.

    Args:
        environment: where.
        order_id: the order's id.
        level: of log lines only those of this level and worse.

    Raises:
        Failure: it is no order's id, or nothing is known of it.
    """
    start = began(order_id)
    if start is None:
        fail(f"{order_id!r} is no id of an order", "it is ord_ and 26 letters and digits, as POST /orders answers it")
    stack = Deployed.read(environment)
    known = Known()
    with step(f"Looking for {order_id}") as current:
        for place, look_in in (
            ("tables", _tables),
            ("logs", _logs),
            ("traces", _traces),
            ("workflows", _workflows),
            ("failure queues", _failures),
        ):
            current.note(place)
            look_in(stack, known, order_id, start - BEFORE_SECONDS, level)
        current.result = f"{len(known.entries)} things are known"
    if not known.entries:
        at = datetime.fromtimestamp(start, UTC)
        fail(f"{environment.name} knows nothing of this order of {at:%Y-%m-%d %H:%M:%S} UTC", "is it the right ENV?")
    _print(known, order_id)


def _tables(stack: Deployed, known: Known, order_id: str, _start: float, _level: str) -> None:
    rows, apart = tables.read(stack.environment.client("dynamodb"), stack.outputs["tables"], order_id)
    known.entries += rows
    if apart:
        known.notes.append(f"not kept by order: {', '.join(apart)}")


def _logs(stack: Deployed, known: Known, order_id: str, start: float, level: str) -> None:
    """Lines with the order's id, then those with the correlation ids that stand in them: the gateway's, refusals."""
    client = stack.environment.client("logs")
    groups = logs.log_groups(client, stack.environment.name)
    audit = stack.outputs.get("audit_log_group")
    events = logs.read(client, groups | ({str(audit): "audit"} if audit else {}), int(start * 1000), order_id)
    known.correlations = _most_frequent(events, "correlation_id")
    # The gateway's own lines know their request and nothing of what it was for.
    for one in dict.fromkeys([*known.correlations, *_most_frequent(events, "request_id")]):
        events += logs.read(client, groups, int(start * 1000), one)
    for event in {event.id: event for event in events}.values():
        line = log_lines.readable(event.message)
        if line is None or line.level in ("METRIC", "REPORT") or not log_lines.at_least(line.level, level):
            continue
        known.traces += traces.TRACE_ID.findall(event.message)
        text = line.text.splitlines()[0].replace(f" order_id={order_id}", "")
        text = _audit(event.message) if event.origin == "audit" else text
        known.entries.append(Entry(event.timestamp / 1000, event.origin, text, bad=line.level in _BAD_LEVELS))


def _most_frequent(events: list[logs.Event], name: str) -> list[str]:
    counted = Counter(found for event in events if (found := _field(event.message, name)))
    return [one for one, _ in counted.most_common(MOST_IDS)]


def _audit(message: str) -> str:
    line = json.loads(message)
    return f"{line['by']}: {line['action']}, {line['outcome']}"


def _field(message: str, name: str) -> str:
    try:
        fields = json.loads(message)
    except ValueError:
        return ""
    return str(fields.get(name) or "") if isinstance(fields, dict) else ""


def _traces(stack: Deployed, known: Known, order_id: str, start: float, _level: str) -> None:
    client = stack.environment.client("xray")
    last = max((entry.at for entry in known.entries if entry.at != UNKNOWN), default=start)
    until = min(time.time() + 1, last + AFTER_SECONDS)
    names = {"order_id": [order_id], "correlation_id": known.correlations}
    terms = [f'annotation.{name} = "{value}"' for name, values in names.items() for value in values]
    found = traces.summaries(client, until - start, " OR ".join(terms), until=until)
    known.traces = list(dict.fromkeys([*(one["Id"] for one in found), *known.traces]))
    for trace_id, segments in traces.get(client, known.traces):
        rows = [row for row in traces.tree(segments) if row.kind]
        names_of = " > ".join(dict.fromkeys(row.name.removeprefix(f"{stack.name}-") for row in rows))
        took = max((row.offset + row.duration for row in rows), default=0.0)
        bad = any("fault" in row.notes or "error" in row.notes for row in rows)
        text = f"{trace_id} took {duration(took) if took >= 1 else f'{took * 1000:.0f} ms'}: {names_of}"
        known.entries.append(Entry(traces.started(segments), "trace", text, bad=bad))


def _workflows(stack: Deployed, known: Known, order_id: str, start: float, _level: str) -> None:
    client = stack.environment.client("stepfunctions")
    found, complete = workflows.find(client, f"{stack.name}-", order_id, start)
    for execution in found:
        known.entries += workflows.entries(client, execution)
        known.notes.append(f"workflow {execution.name} {execution.status}")
    if not complete:
        known.notes.append(f"workflows: only the newest {workflows.MOST_LOOKED_AT} executions were looked at")


def _failures(stack: Deployed, known: Known, order_id: str, _start: float, _level: str) -> None:
    waiting = (queue for queue in topology.read(stack) if queue.waiting)
    for queue in waiting:
        for one in look(stack, queue, MOST_FAILURES):
            if order_id in one.text:
                text = f"waits here: {one.cause} (make redrive ARGS='--show --message {one.id[:8]}')"
                known.entries.append(Entry(one.failed_at.timestamp(), f"failure {queue.name}", text, bad=True))


def _print(known: Known, order_id: str) -> None:
    entries: list[Entry] = merged(known.entries)
    zero = min((entry.at for entry in entries if entry.at != UNKNOWN), default=0.0)
    at = datetime.fromtimestamp(zero, UTC)
    console.print(f"[bold]{order_id}[/bold] [dim]since {at:%Y-%m-%d %H:%M:%S.%f} UTC[/dim]")
    rows = [
        (
            _offset(entry.at - zero) if entry.at != UNKNOWN else "",
            f"[red]{entry.place}[/red]" if entry.bad else f"[cyan]{entry.place}[/cyan]",
            _escaped(entry.text),
        )
        for entry in entries
    ]
    show_table(("after>", "where", "what"), rows)
    for name, values in (("correlation ids", known.correlations), ("traces", known.traces)):
        if values:
            say(f"{name}: {', '.join(values)}", style="dim")
    for note in known.notes:
        say(note, style="dim")


def _offset(passed: float) -> str:
    return f"{passed * 1000:.0f} ms" if passed < 10 else duration(passed)


def _escaped(text: str) -> Any:
    from rich.text import Text

    return Text(text)
