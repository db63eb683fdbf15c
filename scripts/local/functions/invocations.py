"""What is known of an invocation when it has ended: the record that metrics and traces are made of."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

logger = logging.getLogger("tradepost.invocations")


class Source(StrEnum):
    """Who invokes; for metrics and traces, the behaviour is the same for all."""

    DIRECT = "direct"
    GATEWAY = "api_gateway"
    STREAM = "dynamodb_stream"
    QUEUE = "sqs"
    TOPIC = "sns"
    BUCKET = "s3"
    RULE = "eventbridge"
    SCHEDULE = "scheduler"
    WORKFLOW = "states"
    SERVICE = "service"


class Outcome(StrEnum):
    """How an invocation ended; a throttle is an invocation that did not run."""

    SUCCESS = "success"
    ERROR = "error"
    TIMEOUT = "timeout"
    THROTTLE = "throttle"


@dataclass(frozen=True, slots=True)
class InvocationRecord:
    """One invocation. `started` is Unix time in seconds, durations are in ms.

    `arn` keeps the caller's qualifier; `alias` is the qualifier when it names an alias; `version` is what ran.
    `duration_ms` is without INIT, `init_ms` is None in a warm environment. `concurrent` counts the function's
    invocations in flight, this one included. `trace_id` is the X-Amzn-Trace-Id header that the function was given.
    """

    function: str
    qualifier: str | None
    alias: str | None
    version: str
    source: Source
    started: float
    duration_ms: float
    outcome: Outcome
    trace_id: str
    arn: str
    request_id: str = ""
    init_ms: float | None = None
    concurrent: int = 0


Observer = Callable[[InvocationRecord], None]


def tell(observers: list[Observer], record: InvocationRecord) -> None:
    """Call every observer; one that fails is logged and keeps no result from its caller."""
    for observer in observers:
        try:
            observer(record)
        except Exception:
            logger.exception("an observer of invocations failed")
