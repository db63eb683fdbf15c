"""One log event as a line a person reads: Powertools' JSON, platform lines, metrics, access logs, plain text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

Fields = dict[str, Any]
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
# What every line of Powertools carries and nobody looks for, or what the line shows elsewhere.
_HIDDEN = frozenset(
    {
        "cold_start",
        "exception",
        "exception_name",
        "function_arn",
        "function_memory_size",
        "function_name",
        "function_request_id",
        "level",
        "location",
        "message",
        "sampling_rate",
        "service",
        "stack_trace",
        "timestamp",
        "xray_trace_id",
    }
)
_REPORT = re.compile(
    r"REPORT RequestId: (?P<id>\S+)\s+Duration: (?P<ms>[\d.]+) ms.*?Memory Size: (?P<size>\d+) MB"
    r".*?Max Memory Used: (?P<used>\d+) MB(?:.*?Init Duration: (?P<init>[\d.]+) ms)?(?:.*?Status: (?P<status>\w+))?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Line:
    """`level` is a log level, REPORT, METRIC, ACCESS, or "" for plain text."""

    level: str
    text: str


def readable(message: str) -> Line | None:
    """Return the line of an event; None for what says nothing (START, END)."""
    text = message.rstrip("\n")
    if text.startswith(("START RequestId", "END RequestId", "INIT_START")):
        return None
    report = _REPORT.match(text)
    if report:
        return _report(report.groupdict())
    try:
        fields = json.loads(text) if text.startswith("{") else None
    except ValueError:
        fields = None
    return _from_json(fields) if isinstance(fields, dict) else Line("", text)


def at_least(level: str, least: str) -> bool:
    """Tell whether a line is to be shown; lines without a log level are when no level is asked for."""
    if not least:
        return True
    names = {"WARN": "WARNING"}
    found, wanted = names.get(level, level), names.get(least.upper(), least.upper())
    return found in _LEVELS and _LEVELS.index(found) >= _LEVELS.index(wanted)


def _from_json(fields: Fields) -> Line | None:
    kind = str(fields.get("type", ""))
    if kind.startswith("platform."):
        return _platform(kind, fields.get("record") or {})
    if "_aws" in fields:
        return _metrics(fields)
    if "message" in fields or "level" in fields:
        return _log(fields)
    if "status" in fields and "route" in fields:
        return _access(fields)
    return Line("", json.dumps(fields, ensure_ascii=False))


def _log(fields: Fields) -> Line:
    details = " ".join(f"{name}={_short(value)}" for name, value in fields.items() if _shown(name, value))
    text = f"{_short(fields.get('message', ''))}  {details}".rstrip()
    exception = fields.get("exception") or fields.get("stack_trace")
    if exception:
        stack = "".join(exception) if isinstance(exception, list) else str(exception)
        text += "".join(f"\n    {line}" for line in stack.rstrip().splitlines())
    return Line(str(fields.get("level", "")), text)


def _shown(name: str, value: object) -> bool:
    return name not in _HIDDEN and value not in (None, "")


def _access(fields: Fields) -> Line:
    request = (
        f"{fields.get('method', '')} {fields['route']} -> {fields['status']} in {fields.get('latency_ms', '?')} ms"
    )
    rest = ("request_id", "partner_id", "response_type", "integration_error")
    details = " ".join(f"{name}={fields[name]}" for name in rest if fields.get(name) not in (None, "", "-"))
    return Line("ACCESS", f"{request}  {details}".rstrip())


def _metrics(fields: Fields) -> Line:
    """Embedded metric format: the values by name."""
    names = [metric["Name"] for entry in fields["_aws"]["CloudWatchMetrics"] for metric in entry["Metrics"]]
    values = {name: fields.get(name) for name in names}
    flat = {name: sum(value) if isinstance(value, list) else value for name, value in values.items()}
    return Line("METRIC", " ".join(f"{name}={value:g}" for name, value in flat.items() if value is not None))


def _platform(kind: str, record: Fields) -> Line | None:
    if kind != "platform.report":
        return None
    metrics = record.get("metrics") or {}
    return _report(
        {
            "id": str(record.get("requestId", "")),
            "ms": str(metrics.get("durationMs", "?")),
            "size": str(metrics.get("memorySizeMB", "?")),
            "used": str(metrics.get("maxMemoryUsedMB", "?")),
            "init": str(metrics["initDurationMs"]) if "initDurationMs" in metrics else None,
            "status": record.get("status"),
        }
    )


def _report(found: dict[str, str | None]) -> Line:
    parts = [f"took {found['ms']} ms", f"{found['used']} of {found['size']} MB"]
    if found["init"]:
        parts.append(f"cold start {found['init']} ms")
    if found["status"] not in (None, "success"):
        parts.append(str(found["status"]))
    return Line("REPORT", ", ".join(parts) + f"  function_request_id={found['id']}")


def _short(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
