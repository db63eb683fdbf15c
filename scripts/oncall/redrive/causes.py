"""What the log of a function says about a failure: envelopes of streams tell that it failed, and not why."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from scripts import log_lines, logs
from scripts.oncall.redrive.envelopes import Failure, Kind, alike

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scripts.logs import Event

NEAR_MS = 60_000
"""An error explains a failure if it was logged within this time before it."""

AFTER_MS = 2_000
WORST = ("ERROR", "CRITICAL")


def with_causes(client: Any, failures: Iterable[Failure]) -> list[Failure]:
    """Return the failures, those of streams with the last error that their function logged before as the cause."""
    found = sorted(failures, key=lambda one: (one.kind, one.origin, one.failed_at))
    explained: list[Failure] = []
    for (kind, origin), group in groupby(found, key=lambda one: (one.kind, one.origin)):
        members = list(group)
        explained += _explained(client, origin, members) if kind is Kind.STREAM else members
    return sorted(explained, key=lambda one: one.failed_at)


def _explained(client: Any, origin: str, failures: list[Failure]) -> list[Failure]:
    begin, end = _ms(failures[0]) - NEAR_MS, _ms(failures[-1]) + AFTER_MS
    errors = _errors(client, origin, begin, end)
    times = [one.timestamp for one in errors]
    explained = []
    for failure in failures:
        last = bisect_right(times, _ms(failure) + AFTER_MS) - 1
        near = last >= 0 and times[last] >= _ms(failure) - NEAR_MS
        explained.append(replace(failure, cause=_cause(errors[last].message)) if near else failure)
    return explained


def told(client: Any, failure: Failure) -> list[str]:
    """Return the errors of a failure's attempts as lines: by their request id, else those logged shortly before."""
    if ":function:" not in failure.origin:
        return []
    begin, end = _ms(failure) - 3_600_000, _ms(failure) + AFTER_MS
    found = _errors(client, failure.origin, begin, end, failure.request_id) if failure.request_id else []
    found = found or _errors(client, failure.origin, _ms(failure) - NEAR_MS, end)
    lines = (log_lines.readable(one.message) for one in found)
    return [line.text for line in lines if line is not None]


def _errors(client: Any, function_arn: str, begin: int, end: int, find: str = "") -> list[Event]:
    group = f"/aws/lambda/{function_arn.split(':')[6]}"
    found = logs.read(client, {group: ""}, begin, find or '"level":"ERROR"')
    return [one for one in found if one.timestamp <= end and _is_error(one.message)]


def _is_error(message: str) -> bool:
    line = log_lines.readable(message)
    return line is not None and line.level in WORST


def _cause(message: str) -> str:
    fields: dict[str, Any] = json.loads(message)
    parts = [fields.get("message"), fields.get("exception_name"), fields.get("reason")]
    trace = str(fields.get("exception") or "").strip()
    if trace:
        parts[1] = trace.splitlines()[-1]
    return alike(": ".join(str(part) for part in parts if part))


def _ms(failure: Failure) -> int:
    return int(failure.failed_at.timestamp() * 1000)
