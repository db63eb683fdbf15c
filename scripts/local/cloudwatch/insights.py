"""Logs Insights: runs a query over log events, command by command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.local.cloudwatch import insights_parser
from scripts.local.cloudwatch.insights_parser import Call, Command, Field, Named, Node, QueryError
from scripts.local.cloudwatch.insights_values import Moment, Record, aggregate, check, evaluate, order, show

DEFAULT_LIMIT = 10_000
FIELDS_PER_EVENT = 200
"""How many fields of a JSON event are discovered, as on AWS."""

_PLATFORM_LINE = re.compile(r"(?P<type>START|END|REPORT) RequestId: (?P<request>\S+)")
_REPORT_FIGURES = {
    "@duration": re.compile(r"\tDuration: ([\d.]+) ms"),
    "@billedDuration": re.compile(r"Billed Duration: ([\d.]+) ms"),
    "@initDuration": re.compile(r"Init Duration: ([\d.]+) ms"),
    "@memorySize": re.compile(r"Memory Size: ([\d.]+) MB"),
    "@maxMemoryUsed": re.compile(r"Max Memory Used: ([\d.]+) MB"),
}
_MEGABYTE = 1_000_000.0


def record(event: dict[str, Any], log: str, stream: str, pointer: str) -> Record:
    """The fields of a log event: those of every event, those of Lambda's lines, and those of a JSON message."""
    message = event["message"]
    found: Record = {
        "@timestamp": Moment(event["timestamp"]),
        "@ingestionTime": Moment(event.get("ingestionTime", event["timestamp"])),
        "@message": message,
        "@logStream": stream,
        "@log": log,
        "@ptr": pointer,
    }
    found |= _of_lambda(message)
    start = message.find("{")
    if start >= 0:
        try:
            content = json.loads(message[start:])
        except ValueError:
            return found
        for number, (name, value) in enumerate(_flatten(content)):
            if number >= FIELDS_PER_EVENT:
                break
            found[name] = value
    return found


def _of_lambda(message: str) -> Record:
    line = _PLATFORM_LINE.match(message)
    if line is None:
        return {}
    found: Record = {"@type": line["type"], "@requestId": line["request"]}
    if line["type"] == "REPORT":
        for name, figure in _REPORT_FIGURES.items():
            match = figure.search(message)
            if match:
                found[name] = float(match[1]) * (_MEGABYTE if "emory" in name else 1.0)
    return found


def _flatten(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """JSON as dotted names: order.lines.0.sku."""
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flatten(item, f"{prefix}.{name}" if prefix else str(name))
    elif prefix and value is not None:
        yield prefix, value


@dataclass(slots=True)
class _Run:
    """The records as the commands so far have left them, and the columns that they ask to see."""

    records: list[Record]
    shown: list[str] = field(default_factory=list)
    displayed: bool = False
    grouped: bool = False
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Rows of (field, value), and how many events matched the filters."""

    rows: list[list[tuple[str, str]]]
    matched: int


def run(query: str, records: Sequence[Record], limit: int | None = None) -> Outcome:
    """Run a query over records, the newest first. Raises QueryError."""
    state = _Run(list(records))
    matched = len(state.records)
    for command in insights_parser.commands(query):
        _COMMANDS[command.name](state, command)
        if command.name == "filter" and not state.grouped:
            matched = len(state.records)
    if not state.limited:
        state.records = state.records[: limit or DEFAULT_LIMIT]
    shown = state.shown or ["@timestamp", "@message"]
    if not state.grouped:
        shown = [*shown, "@ptr"]
    rows = [[(name, show(one[name])) for name in shown if one.get(name) is not None] for one in state.records]
    return Outcome(rows, matched)


def _fields(state: _Run, command: Command) -> None:
    for column in insights_parser.columns(command.text):
        _compute(state, column)
        if not state.displayed and column.name not in state.shown:
            state.shown.append(column.name)


def _display(state: _Run, command: Command) -> None:
    if not state.displayed:
        state.shown = []
    state.displayed = True
    for column in insights_parser.columns(command.text):
        _compute(state, column)
        state.shown.append(column.name)


def _compute(state: _Run, column: Named) -> None:
    node = _with_time(column.node)
    if node != Field(column.name):
        state.records = [{**one, column.name: evaluate(node, one)} for one in state.records]


def _filter(state: _Run, command: Command) -> None:
    node = _with_time(insights_parser.expression(command.text))
    state.records = [one for one in state.records if evaluate(node, one)]


def _sort(state: _Run, command: Command) -> None:
    for text in reversed(_split_commas(command.text)):
        match = re.fullmatch(r"(.*?)(?:\s+(asc|desc))?", text, re.IGNORECASE | re.DOTALL)
        name = match[1] if match else text
        node = Field(name) if name in state.shown else insights_parser.expression(name)
        descending = bool(match and (match[2] or "").lower() == "desc")
        keyed = [(evaluate(node, one), one) for one in state.records]
        present = sorted((pair for pair in keyed if pair[0] is not None), key=_by_value, reverse=descending)
        state.records = [one for _, one in present] + [one for value, one in keyed if value is None]


def _by_value(pair: tuple[Any, Record]) -> tuple[int, float, str]:
    return order(pair[0])


def _split_commas(text: str) -> list[str]:
    """The parts between commas that are in no parentheses."""
    return [part.strip() for part in re.split(r",(?![^(]*\))", text)]


def _limit(state: _Run, command: Command) -> None:
    if not command.text.isdigit():
        raise QueryError(f"limit takes a number, not {command.text}")
    state.records = state.records[: int(command.text)]
    state.limited = True


def _dedup(state: _Run, command: Command) -> None:
    """Keep the first record of each set of values; a record without one of the fields stays."""
    names = [column.name for column in insights_parser.columns(command.text)]
    seen: set[tuple[str, ...]] = set()
    kept = []
    for one in state.records:
        values = [one.get(name) for name in names]
        key = tuple(show(value) for value in values)
        if None in values or key not in seen:
            kept.append(one)
        if None not in values:
            seen.add(key)
    state.records = kept


def _stats(state: _Run, command: Command) -> None:
    aggregates, _, by = _by(command.text)
    columns = insights_parser.columns(aggregates)
    for column in columns:
        check(column.node, aggregates=True)
    keys = [Named(key.name, _with_time(key.node)) for key in insights_parser.columns(by)] if by else []
    groups: dict[tuple[str, ...], tuple[Record, list[Record]]] = {}
    for one in state.records:
        values = {key.name: evaluate(key.node, one) for key in keys}
        group = groups.setdefault(tuple(show(value) for value in values.values()), (values, []))
        group[1].append(one)
    if not keys and not groups:
        groups[()] = ({}, [])
    state.records = [
        values | {column.name: aggregate(column.node, members, values) for column in columns}
        for values, members in groups.values()
    ]
    state.shown = [column.name for column in [*keys, *columns]]
    state.grouped, state.displayed = True, False


def _by(text: str) -> tuple[str, str, str]:
    parts = re.split(r"(\bby\b)(?=(?:[^\"'`]*[\"'`][^\"'`]*[\"'`])*[^\"'`]*$)", text, maxsplit=1, flags=re.IGNORECASE)
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else (text, "", "")


def _with_time(node: Node) -> Node:
    """Let bin(5m) mean the time of the event."""
    if not isinstance(node, Call):
        return node
    check(node)
    arguments = tuple(_with_time(argument) for argument in node.arguments)
    if node.name == "bin" and len(arguments) == 1:
        arguments = (Field("@timestamp"), *arguments)
    return Call(node.name, arguments)


_GLOB = re.compile(
    r"""(?P<field>[\w@.`-]+)\s+(?P<glob>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s+as\s+(?P<names>.+)""", re.DOTALL
)
_WITH_REGEX = re.compile(r"(?P<field>[\w@.`-]+)\s+/(?P<regex>(?:[^/\\]|\\.)+)/(?P<flags>i?)\s*")


def _parse(state: _Run, command: Command) -> None:
    """Fields out of text: `parse @message "user=*, took * ms" as user, ms`, or a regex with named groups."""
    glob, with_regex = _GLOB.fullmatch(command.text), _WITH_REGEX.fullmatch(command.text)
    if glob:
        groups = _groups_of_glob(insights_parser.unquote(glob["glob"]), glob["names"].split(","))
        source = glob["field"]
    elif with_regex:
        groups = insights_parser.regex(with_regex["regex"], with_regex["flags"])
        source = with_regex["field"]
    else:
        raise QueryError(f"parse does not understand {command.text}")
    names = {name: name for name in groups.groupindex}
    if glob:
        names = {f"g{number}": name.strip().strip("`") for number, name in enumerate(glob["names"].split(","))}
    state.records = [one | _extract(groups, one.get(source.strip("`")), names) for one in state.records]
    if not state.displayed:
        state.shown = [*(state.shown or ["@timestamp", "@message"]), *names.values()]


def _groups_of_glob(glob: str, names: list[str]) -> re.Pattern[str]:
    pieces = [re.escape(piece) for piece in glob.split("*")]
    if len(pieces) != len(names) + 1:
        raise QueryError(f"parse has {len(pieces) - 1} wildcards and {len(names)} names")
    text = pieces[0] + "".join(f"(?P<g{number}>.*?){piece}" for number, piece in enumerate(pieces[1:]))
    return re.compile(text + ("" if pieces[-1] else "$"), re.DOTALL)


def _extract(pattern: re.Pattern[str], value: Any, names: dict[str, str]) -> Record:
    match = pattern.search(show(value)) if value is not None else None
    found = match.groupdict() if match else {}
    return {names[group]: text for group, text in found.items() if text is not None}


_COMMANDS: dict[str, Callable[[_Run, Command], None]] = {
    "fields": _fields,
    "filter": _filter,
    "stats": _stats,
    "sort": _sort,
    "limit": _limit,
    "display": _display,
    "parse": _parse,
    "dedup": _dedup,
}
