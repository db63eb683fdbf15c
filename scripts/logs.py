"""`make logs`: what functions and the gateway wrote, as lines a person reads; locally and on AWS."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from scripts import log_lines
from scripts.console import console, fail, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripts.environment import Environment

PREFIXES = ("/aws/lambda/tradepost-{}-", "/aws/apigateway/tradepost-{}", "/aws/vendedlogs/states/tradepost-{}")
MOST_EVENTS = 10_000
POLL_SECONDS = 1.0
OVERLAP_MS = 10_000
"""A tail reads this far back again: events of several streams do not arrive in order."""

_PERIOD = re.compile(r"(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_STYLES = {"ERROR": "red", "CRITICAL": "red", "WARNING": "yellow", "WARN": "yellow", "DEBUG": "dim", "REPORT": "dim"}


@dataclass(frozen=True, slots=True)
class Event:
    """One log event: Unix ms, where from ("orders.api", "gateway"), and its text."""

    id: str
    timestamp: int
    origin: str
    message: str


def show(  # noqa: PLR0913 - one for each option of the command
    environment: Environment,
    *,
    service: str = "",
    function: str = "",
    find: str = "",
    since: str = "15m",
    follow: bool = False,
    raw: bool = False,
    level: str = "",
) -> None:
    """Print log events, oldest first; with `follow` go on until interrupted.

    Args:
        environment: where to read.
        service: only this service's functions.
        function: only this function of the service, or <service>.<function>.
        find: only events that contain this: an order, correlation or request id, or any text.
        since: how far back: 90s, 15m, 2h, 1d.
        follow: go on and print new events as they come.
        raw: print events as they are.
        level: only this level and worse.

    Raises:
        Failure: nothing is deployed, or there is no such function.
    """
    client = environment.client("logs")
    groups = chosen(log_groups(client, environment.name), service, function)
    if not groups:
        wanted = ".".join(filter(None, (service, function))) or environment.name
        fail(f"there are no log groups of {wanted}", f"make status ENV={environment.name} lists the functions")
    start = int((time.time() - seconds(since)) * 1000)
    shown = _print(read(client, groups, start, find), raw=raw, level=level)
    if not follow:
        if not shown:
            say(f"nothing in the last {since}; look further back with --since", style="dim")
        return
    for event in tail(client, groups, find, _now_ms() - OVERLAP_MS, time.sleep):
        _print([event], raw=raw, level=level)


def log_groups(client: Any, environment: str) -> dict[str, str]:
    """Return the environment's log groups: name -> origin, such as "orders.api" or "gateway"."""
    found: dict[str, str] = {}
    for template in PREFIXES:
        prefix = template.format(environment)
        for page in client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix):
            found |= {group["logGroupName"]: _origin(group["logGroupName"], prefix) for group in page["logGroups"]}
    return found


def chosen(groups: dict[str, str], service: str, function: str) -> dict[str, str]:
    """Return the groups of a service, of a function, or all of them."""
    wanted = function if "." in function else f"{service}.{function}" if service else function
    if not wanted:
        return groups
    if not function:
        return {name: origin for name, origin in groups.items() if origin.split(".")[0] == service}
    return {name: origin for name, origin in groups.items() if wanted in (origin, origin.partition(".")[2])}


def read(client: Any, groups: dict[str, str], start_ms: int, find: str = "") -> list[Event]:
    """Return the events of all groups since a time, oldest first.

    CloudWatch Logs filters by the text as one quoted term; it is checked here too.
    """
    found: list[Event] = []
    for name, origin in groups.items():
        query: dict[str, Any] = {"logGroupName": name, "startTime": max(0, start_ms)}
        if find:
            query["filterPattern"] = '"' + find.replace('"', '\\"') + '"'
        pages = client.get_paginator("filter_log_events").paginate(**query, PaginationConfig={"MaxItems": MOST_EVENTS})
        for page in pages:
            found += [_event(one, origin) for one in page["events"] if find in one["message"]]
    return sorted(found, key=lambda event: event.timestamp)


def tail(
    client: Any, groups: dict[str, str], find: str, start_ms: int, wait: Callable[[float], None]
) -> Iterator[Event]:
    """Yield each event that is new since the call, for ever."""
    seen = {event.id for event in read(client, groups, start_ms, find)}
    while True:
        wait(POLL_SECONDS)
        before = start_ms
        start_ms = _now_ms() - OVERLAP_MS
        events = read(client, groups, before, find)
        yield from (event for event in events if event.id not in seen)
        seen = {event.id for event in events}


def seconds(period: str) -> int:
    """Return the seconds of a period such as 90s, 15m, 2h or 1d.

    Raises:
        Failure: it is none.
    """
    match = _PERIOD.fullmatch(period)
    if match is None:
        fail(f"{period!r} is no period", "use a number with s, m, h or d: --since 90s, 15m, 2h, 1d")
    return int(match.group(1)) * _SECONDS[match.group(2)]


def _print(events: list[Event], *, raw: bool, level: str) -> int:
    shown = 0
    for event in events:
        line = log_lines.Line("", event.message.rstrip("\n")) if raw else log_lines.readable(event.message)
        if line is None or not log_lines.at_least(line.level, level):
            continue
        shown += 1
        at = datetime.fromtimestamp(event.timestamp / 1000, UTC).astimezone()
        console.print(f"[dim]{at:%H:%M:%S}.{event.timestamp % 1000:03d}[/dim] [cyan]{event.origin:<17}[/cyan]", end=" ")
        say(line.text if raw else f"{line.level:<7} {line.text}", style=_STYLES.get(line.level, ""))
    return shown


def _event(found: dict[str, Any], origin: str) -> Event:
    stamp, message = int(found["timestamp"]), str(found["message"])
    return Event(found.get("eventId") or f"{stamp} {origin} {message}", stamp, origin, message)


def _origin(group: str, prefix: str) -> str:
    """Return "orders.api" of /aws/lambda/tradepost-local-orders-api, else the kind of service."""
    if group.startswith("/aws/lambda/"):
        return group.removeprefix(prefix).replace("-", ".", 1)
    return "gateway" if "/apigateway/" in group else "workflow"


def _now_ms() -> int:
    return int(time.time() * 1000)
