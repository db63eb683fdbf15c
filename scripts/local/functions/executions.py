"""One invocation in one environment: INIT, the run, what is logged about it and how it ended."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from scripts.local.functions import function_logs
from scripts.local.functions.aliases import Target
from scripts.local.functions.environments import INIT_SECONDS, Ending, Environment
from scripts.local.functions.function_logs import Report
from scripts.local.functions.invocations import Outcome, Source
from scripts.local.functions.runtime_api import Invocation

_ERROR_TYPES = {Ending.EXITED: "Runtime.ExitError", Ending.OUT_OF_MEMORY: "Runtime.OutOfMemory"}


@dataclass(frozen=True, slots=True)
class Call:
    """One invocation on its way; `payload` is the event in JSON."""

    target: Target
    payload: bytes
    source: Source
    request_id: str
    trace_id: str


@dataclass(frozen=True, slots=True)
class Execution:
    """An invocation that ran: `started` is Unix time in seconds, durations are in ms, `response` is JSON.

    `init_ms` is None unless the caller waited for INIT; `reusable` says whether the environment may stay warm.
    """

    response: bytes
    outcome: Outcome
    started: float
    duration_ms: float
    init_ms: float | None
    log_tail: bytes
    reusable: bool


def execute(environment: Environment, call: Call) -> Execution:
    """Run one invocation, write its log and tell how it ended."""
    config = call.target.config
    timeout = _timeout(config)
    cold = environment.new and not environment.repeats_init
    started = time.time()
    invocation = Invocation(
        call.request_id, call.payload, call.target.arn, int((started + timeout) * 1000), call.trace_id
    )
    ending = _run(environment, invocation, timeout)
    error_type = _ERROR_TYPES.get(ending, "") if invocation.failed else ""
    failed = Outcome.TIMEOUT if ending is Ending.TIMED_OUT else Outcome.ERROR
    report = Report(
        request_id=call.request_id,
        version=call.target.version,
        started_ms=int(started * 1000),
        duration_ms=(time.time() - started) * 1000,
        memory_size=environment.spec.memory_megabytes,
        memory_used=min(environment.memory_megabytes(), environment.spec.memory_megabytes),
        init_ms=environment.init_ms if cold else None,
        status=failed if invocation.failed else Outcome.SUCCESS,
        trace_id=call.trace_id,
        error_type=error_type,
        error_message=json.loads(invocation.response or b"{}")["errorMessage"] if error_type else "",
    )
    events = function_logs.lines(report, _output(environment, call.request_id, ending, config), config)
    function_logs.write(environment.spec.log_group, environment.log_stream, events, config.get("Role"))
    return Execution(
        response=invocation.response or b"null",
        outcome=Outcome(report.status),
        started=started,
        duration_ms=report.duration_ms,
        init_ms=report.init_ms,
        log_tail=function_logs.tail(events),
        reusable=ending is Ending.RESPONDED and environment.usable,
    )


def initialize(environment: Environment, config: dict[str, Any]) -> bool:
    """Wait for INIT as long as Lambda does; False when it did not succeed, and then the log says why."""
    environment.wait_until_ready(INIT_SECONDS)
    if environment.usable:
        return True
    status, init_ms = (
        ("timeout", INIT_SECONDS * 1000) if environment.init_ms is None else ("error", environment.init_ms)
    )
    report = function_logs.init_report("init", status, init_ms, environment.init_error, config)
    events = [*environment.take_output(), report]
    function_logs.write(environment.spec.log_group, environment.log_stream, events, config.get("Role"))
    return False


def _run(environment: Environment, invocation: Invocation, timeout: int) -> Ending:
    """Run it within the time-out, a repeated INIT included; when that fails, its error is the answer."""
    began = time.monotonic()
    if environment.new and not environment.wait_until_ready(timeout):
        environment.close()
        ending = Ending.TIMED_OUT
    elif environment.init_error is not None:
        invocation.finish(environment.init_error, failed=True)
        ending = Ending.RESPONDED
    else:
        ending = environment.run(invocation, timeout - (time.monotonic() - began))
    if ending is Ending.TIMED_OUT:
        invocation.fail("Sandbox.Timedout", f"Task timed out after {timeout:.2f} seconds")
    return ending


def _output(
    environment: Environment, request_id: str, ending: Ending, config: dict[str, Any]
) -> list[function_logs.Line]:
    """What the function printed, and Lambda's line about a time-out."""
    output = environment.take_output()
    if environment.repeats_init and not environment.usable and not environment.invocations:
        late = ending is Ending.TIMED_OUT
        status, init_ms = ("timeout", _timeout(config) * 1000.0) if late else ("error", environment.init_ms or 0.0)
        output.append(function_logs.init_report("invoke", status, init_ms, environment.init_error, config))
    if ending is Ending.TIMED_OUT:
        now = time.time()
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        output.append((int(now * 1000), f"{at}Z {request_id} Task timed out after {_timeout(config):.2f} seconds"))
    return output


def _timeout(config: dict[str, Any]) -> int:
    return int(config.get("Timeout") or 3)
