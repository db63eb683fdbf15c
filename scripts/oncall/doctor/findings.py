"""What is not well about measured functions, queues and triggers, and what to change. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NEAR_PERCENT = 80.0
"""From here on something is near its limit."""

COLD_PERCENT = 5.0
COLD_STARTS = 20
"""Fewer say nothing about a function, and below that share nobody waits for them often."""

ERROR_PERCENT = 1.0
BEHIND_SECONDS = 60.0
IDLE_MEMORY_PERCENT = 35.0
SMALLEST_MB = 128
SAMPLE = 50
"""From so many invocations on, what was not used is not needed."""


class Severity(IntEnum):
    """How bad it is: NOTE is advice and leaves the exit status alone."""

    NOTE = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing: what it is about, what was seen, what to do, and the setting or command for it."""

    severity: Severity
    subject: str
    seen: str
    change: str
    where: str


@dataclass(frozen=True, slots=True)
class Health:
    """One function as configured and as measured.

    Durations in ms; `used_mb` is the most that one environment used; `cold` of `runs` invocations started cold;
    `behind_ms` is the iterator age; `place` is where its settings are ("terraform/services/orders/functions.tf:9").
    One that `may_be_slow` fills its time on purpose: its owner switched the alarm on duration off.
    """

    key: str
    memory_mb: int
    timeout_s: int
    place: str
    runs: float = 0
    errors: float = 0
    throttles: float = 0
    p99_ms: float = 0
    timeouts: float = 0
    used_mb: float = 0
    cold: float = 0
    init_ms: float = 0
    behind_ms: float = 0
    dropped: float = 0
    serving: str = ""
    newest: str = ""
    weights: dict[str, float] = field(default_factory=dict)
    may_be_slow: bool = False


def of_function(one: Health) -> Iterator[Finding]:
    """Yield what is not well about a function."""
    yield from _time(one)
    yield from _memory(one)
    yield from _failures(one)
    yield from _starts(one)
    yield from _version(one)


def _time(one: Health) -> Iterator[Finding]:
    limit = one.timeout_s * 1000
    if one.timeouts:
        yield Finding(
            Severity.CRITICAL,
            one.key,
            f"{one.timeouts:.0f} invocations were cut off at {one.timeout_s} s",
            f"find out what is slow (make traces); else raise timeout above {one.timeout_s}",
            f"timeout, {one.place}",
        )
    elif one.p99_ms >= limit * NEAR_PERCENT / 100 and not one.may_be_slow:
        yield Finding(
            Severity.WARNING,
            one.key,
            f"p99 {one.p99_ms:.0f} ms is {100 * one.p99_ms / limit:.0f} % of its time-out",
            f"find out what is slow (make traces); else raise timeout above {one.timeout_s}",
            f"timeout, {one.place}",
        )


def _memory(one: Health) -> Iterator[Finding]:
    percent = 100 * one.used_mb / one.memory_mb
    if percent >= NEAR_PERCENT:
        wanted = -(-int(one.used_mb * 1.5) // 64) * 64
        yield Finding(
            Severity.CRITICAL if percent >= 95 else Severity.WARNING,
            one.key,
            f"used {one.used_mb:.0f} of {one.memory_mb} MB ({percent:.0f} %); beyond it an environment is killed",
            f"raise memory_size to {wanted}",
            f"memory_size, {one.place}",
        )
    elif one.runs >= SAMPLE and 0 < percent <= IDLE_MEMORY_PERCENT and one.memory_mb > SMALLEST_MB:
        yield Finding(
            Severity.NOTE,
            one.key,
            f"used at most {one.used_mb:.0f} of {one.memory_mb} MB",
            "less memory is less processor too: measure before you lower it",
            f"make tune FUNCTION={one.key}",
        )


def _failures(one: Health) -> Iterator[Finding]:
    if one.throttles:
        yield Finding(
            Severity.CRITICAL,
            one.key,
            f"{one.throttles:.0f} invocations were refused for want of concurrency",
            "raise its reserved concurrency, or the account's quota (make cost shows it)",
            f"{concurrency(one.key)}.reserved, terraform/env/<env>.tfvars",
        )
    if one.errors and 100 * one.errors / max(one.runs, one.errors) >= ERROR_PERCENT:
        yield Finding(
            Severity.WARNING,
            one.key,
            f"{one.errors:.0f} of {one.runs:.0f} invocations failed; streams, queues and events repeat them",
            "read its errors",
            f"make logs FUNCTION={one.key} ARGS='--level ERROR'",
        )
    if one.dropped:
        yield Finding(
            Severity.CRITICAL,
            one.key,
            f"{one.dropped:.0f} events were given up after their retries",
            "mend the cause, then replay them",
            f"make redrive QUEUE={one.key}",
        )
    if one.behind_ms >= BEHIND_SECONDS * 1000:
        yield Finding(
            Severity.WARNING,
            one.key,
            f"was {one.behind_ms / 1000:.0f} s behind its stream",
            "if it does not fail: more batches at a time (parallelization_factor), or larger ones (batch_size)",
            "docs/runbooks/stream-iterator-age.md",
        )


def _starts(one: Health) -> Iterator[Finding]:
    if one.cold >= COLD_STARTS and one.runs and 100 * one.cold / one.runs >= COLD_PERCENT:
        yield Finding(
            Severity.WARNING,
            one.key,
            f"{one.cold:.0f} of {one.runs:.0f} invocations started cold ({one.init_ms:.0f} ms at the most)",
            "keep environments warm (provisioned), or make its start shorter (make bench)",
            f"{concurrency(one.key)}.provisioned, terraform/env/<env>.tfvars",
        )


def concurrency(key: str) -> str:
    """Return the variable that holds the concurrency of <service>.<function>."""
    return f"concurrency.{key}"


def _version(one: Health) -> Iterator[Finding]:
    if one.weights:
        shares = ", ".join(f"{100 * share:.0f} % to version {version}" for version, share in one.weights.items())
        yield Finding(
            Severity.NOTE, one.key, f"a release is in flight: {shares}", "watch it, or end it", "make rollout"
        )
    elif one.serving != one.newest:
        yield Finding(
            Severity.WARNING,
            one.key,
            f"serves version {one.serving}, the newest is {one.newest}",
            "release it, or see why it did not stay (make releases)",
            "make rollout",
        )


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event source mapping of a function, and, when its source is a queue, the queue's visibility time-out."""

    key: str
    source: str
    state: str
    last_result: str
    uuid: str
    visibility_s: int | None = None
    timeout_s: int = 0


def of_trigger(one: Trigger) -> Iterator[Finding]:
    """Yield what is not well about a trigger."""
    if one.state not in ("Enabled", "Enabling", "Creating", "Updating"):
        yield Finding(
            Severity.CRITICAL,
            one.key,
            f"its trigger from {one.source} is {one.state}: nothing is delivered, and no alarm on lateness fires",
            "enable it; a stream keeps its records for 24 hours",
            f"aws lambda update-event-source-mapping --enabled --uuid {one.uuid}",
        )
    if one.last_result.startswith("PROBLEM"):
        yield Finding(
            Severity.CRITICAL,
            one.key,
            f"its trigger from {one.source} says: {one.last_result}",
            "most often the rights of the function's role",
            "make plan",
        )
    if one.visibility_s is not None and one.visibility_s < 6 * one.timeout_s:
        yield Finding(
            Severity.WARNING,
            one.key,
            f"{one.source} shows a message again after {one.visibility_s} s, while a batch may take {one.timeout_s} s",
            f"set it to six times the time-out: {6 * one.timeout_s} s, else slow batches are delivered twice at once",
            "consumer_timeout_seconds of the queue's module",
        )


def of_failure_queue(name: str, waiting: int, oldest_s: float) -> Iterator[Finding]:
    """Yield a finding when something waits in a failure queue."""
    if waiting:
        yield Finding(
            Severity.WARNING,
            name,
            f"{waiting} messages failed for good; the oldest waits for {oldest_s / 3600:.1f} h",
            "look at the causes, mend them, replay",
            f"make redrive QUEUE={name}",
        )


def of_alarm(name: str, reason: str, description: str) -> Finding:
    """Return the finding of an alarm in ALARM; its description ends with its runbook."""
    runbook = description.partition("Runbook: ")[2].split()[:1]
    return Finding(
        Severity.CRITICAL, name, f"in ALARM: {reason}", "follow its runbook", runbook[0] if runbook else "docs/runbooks"
    )


def of_count(subject: str, count: float, what: str, change: str, where: str) -> Iterator[Finding]:
    """Yield a finding when something that should not happen did."""
    if count:
        yield Finding(Severity.WARNING, subject, f"{count:.0f} {what}", change, where)
