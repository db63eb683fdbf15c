"""What Lambda writes to CloudWatch Logs: platform lines around the function's own, in text or JSON."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scripts.local import engine, roles
from scripts.local.cloudwatch import bulk_events

Line = tuple[int, str]
TAIL_BYTES = 4096
_SYSTEM_LEVELS = {"DEBUG": 0, "INFO": 1, "WARN": 2}


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one invocation; times in ms, memory in MB, `init_ms` only for a cold start.

    `error_type` and `error_message` are set when the platform found the runtime dead or had to kill it.
    """

    request_id: str
    version: str
    started_ms: int
    duration_ms: float
    memory_size: int
    memory_used: int
    init_ms: float | None
    status: str
    trace_id: str
    error_type: str = ""
    error_message: str = ""

    @property
    def ended_ms(self) -> int:
        return max(int(time.time() * 1000), self.started_ms)


def lines(report: Report, output: list[Line], config: dict[str, Any]) -> list[Line]:
    """The log events of one invocation in order."""
    logging = config.get("LoggingConfig") or {}
    if logging.get("LogFormat") == "JSON":
        level = _SYSTEM_LEVELS[logging.get("SystemLogLevel") or "INFO"]
        first, *rest = _platform_events(report)
        return [*_at_level(level, [first]), *output, *_at_level(level, rest)]
    start = (report.started_ms, f"START RequestId: {report.request_id} Version: {report.version}")
    end = (report.ended_ms, f"END RequestId: {report.request_id}")
    found = [start, *output, end, (report.ended_ms, _text_report(report))]
    if report.error_type:
        found.append((report.ended_ms, f"{report.error_message}\nRuntime.ExitError"))
    return found


def _text_report(report: Report) -> str:
    parts = [
        f"REPORT RequestId: {report.request_id}",
        f"Duration: {report.duration_ms:.2f} ms",
        f"Billed Duration: {_billed(report)} ms",
        f"Memory Size: {report.memory_size} MB",
        f"Max Memory Used: {report.memory_used} MB",
    ]
    if report.init_ms is not None:
        parts.append(f"Init Duration: {report.init_ms:.2f} ms")
    if "Sampled=1" in report.trace_id:
        parts.append(f"XRAY TraceId: {report.trace_id.split(';')[0].removeprefix('Root=')}")
    if report.status != "success":
        parts.append(f"Status: {report.status}")
    if report.error_type:
        parts.append(f"Error Type: {report.error_type}")
    return "\t".join(parts)


def init_report(phase: str, status: str, init_ms: float, error: bytes | None, config: dict[str, Any]) -> Line:
    """Lambda's line about an INIT that did not succeed; `phase` is "init", or "invoke" when it was repeated there."""
    kind = json.loads(error).get("errorType", "") if error else "Runtime.ExitError"
    error_type = kind if kind.startswith(("Runtime.", "Function.")) else "Runtime.Unknown"
    now = int(time.time() * 1000)
    failed = {"errorType": error_type} if status == "error" else {}
    if (config.get("LoggingConfig") or {}).get("LogFormat") == "JSON":
        record = {"initializationType": "on-demand", "phase": phase, "status": status, **failed}
        return _platform("platform.initReport", now, {**record, "metrics": {"durationMs": round(init_ms, 3)}})
    parts = [f"INIT_REPORT Init Duration: {init_ms:.2f} ms", f"Phase: {phase}", f"Status: {status}"]
    return now, "\t".join([*parts, *(f"Error Type: {value}" for value in failed.values())])


def _platform_events(report: Report) -> list[tuple[str, Line]]:
    """The platform events of an invocation, each with the lowest level at which AWS logs it."""
    failed = report.status != "success"
    done: dict[str, Any] = {"requestId": report.request_id, "status": report.status}
    if report.error_type:
        done["errorType"] = report.error_type
    metrics: dict[str, float] = {
        "durationMs": round(report.duration_ms, 3),
        "billedDurationMs": _billed(report),
        "memorySizeMB": report.memory_size,
        "maxMemoryUsedMB": report.memory_used,
    }
    if report.init_ms is not None:
        metrics["initDurationMs"] = round(report.init_ms, 3)
    start = {"requestId": report.request_id, "version": report.version}
    return [
        ("INFO", _platform("platform.start", report.started_ms, start)),
        ("WARN" if failed else "DEBUG", _platform("platform.runtimeDone", report.ended_ms, done)),
        ("WARN" if failed else "INFO", _platform("platform.report", report.ended_ms, {**done, "metrics": metrics})),
    ]


def _at_level(level: int, events: list[tuple[str, Line]]) -> list[Line]:
    return [line for needed, line in events if _SYSTEM_LEVELS[needed] >= level]


def _platform(kind: str, when_ms: int, record: dict[str, Any]) -> Line:
    at = datetime.fromtimestamp(when_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when_ms % 1000:03d}Z"
    return when_ms, json.dumps({"time": at, "type": kind, "record": record})


def _billed(report: Report) -> int:
    """Whole milliseconds, INIT included: since August 2025 INIT is billed for every configuration."""
    return int(-(-(report.duration_ms + (report.init_ms or 0)) // 1))


def write(group: str, stream: str, events: list[Line], role: str | None = None) -> None:
    """Append events. A missing group drops them, as AWS does, unless `role` may create it."""
    if not events:
        return
    logs = engine.service("cloudwatch_logs")
    if group not in logs._log_groups:
        if role is None or not roles.allows(role, "logs:CreateLogGroup", logs._make_group_arn(group)):
            return
        logs._log_groups[group] = {
            "arn": logs._make_group_arn(group),
            "creationTime": int(time.time() * 1000),
            "retentionInDays": None,
            "tags": {},
            "subscriptionFilters": {},
            "streams": {},
        }
    now = int(time.time() * 1000)
    streams = logs._log_groups[group]["streams"]
    if stream not in streams:
        streams[stream] = {
            "events": [],
            "uploadSequenceToken": "1",
            "creationTime": now,
            "firstEventTimestamp": None,
            "lastEventTimestamp": None,
            "lastIngestionTime": now,
        }
        bulk_events.drop_old_streams(logs._log_groups[group])
    stored = [{"timestamp": when, "message": text, "ingestionTime": now} for when, text in events]
    logs._append_log_events(streams[stream], stored)
    logs._fanout_to_subscription_filters(group, stream, stored)


def tail(events: list[Line]) -> bytes:
    """The last 4 KB, for X-Amz-Log-Result."""
    return "".join(f"{text}\n" for _, text in events).encode()[-TAIL_BYTES:]
