"""Lambda invocations: the one path by which every caller, API or event source runs a function."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from scripts.local import engine
from scripts.local.functions import aliases, invocations
from scripts.local.functions.aliases import FunctionNotFoundError, Target
from scripts.local.functions.environment_pool import CONCURRENCY, EnvironmentPool
from scripts.local.functions.environment_specs import EnvironmentSpecs
from scripts.local.functions.executions import Call, execute, initialize
from scripts.local.functions.invocations import InvocationRecord, Observer, Outcome, Source
from scripts.local.settings import ACCOUNT_ID, REGION, Settings

__all__ = ["REQUEST_LIMIT_BYTES", "Functions", "RequestTooLargeError", "Result", "Source", "inbound_trace"]

QUEUE_SECONDS = 25.0
"""How long an invocation waits for an environment before it is throttled; less than the gateway's 29 s."""

REQUEST_LIMIT_BYTES = 6 * 1024 * 1024
logger = logging.getLogger("tradepost.functions")

inbound_trace: ContextVar[str] = ContextVar("inbound_trace", default="")
"""The X-Amzn-Trace-Id of the request that led to the invocation."""


class RequestTooLargeError(Exception):
    """The event is over 6 MB."""


@dataclass(frozen=True, slots=True)
class Result:
    """How an invocation ended.

    `payload` is JSON; `failed` means that the function raised, timed out or crashed; `throttle` is AWS's reason when
    nothing ran.
    """

    payload: bytes
    failed: bool
    executed_version: str
    log_tail: bytes = b""
    throttle: str | None = None
    request_id: str = ""


class Functions:
    """All functions of the account: their environments and their concurrency.

    `on_invocation` observers are called, in the invoking thread, when an invocation has ended or was throttled.
    `begin_trace` gives an invocation its X-Amzn-Trace-Id.
    """

    def __init__(self, settings: Settings, xray_daemon: str) -> None:
        self.on_invocation: list[Observer] = []
        self.begin_trace: Callable[[Target, object], str] = lambda *_: inbound_trace.get()
        self._specs = EnvironmentSpecs(settings.functions_dir, settings.endpoint, xray_daemon)
        self._pool = EnvironmentPool(CONCURRENCY)
        self._in_flight: dict[str, int] = {}
        self._lock = threading.Lock()

    def environments(self) -> int:
        return len(self._pool)

    def memory_megabytes(self) -> int:
        return self._pool.memory_megabytes()

    def idle(self) -> bool:
        return not any(self._in_flight.values())

    def close(self) -> None:
        self._pool.close()

    def invoke(
        self, function: str, qualifier: str | None, event: object, source: Source, *, request_id: str | None = None
    ) -> Result:
        """Run a function and wait for its result. Raises FunctionNotFoundError and RequestTooLargeError.

        `qualifier` is an alias, a version or None for $LATEST; `event` any JSON value. The retries of an asynchronous
        invocation have one `request_id`.
        """
        payload = json.dumps(event, ensure_ascii=False).encode()
        if len(payload) > REQUEST_LIMIT_BYTES:
            raise RequestTooLargeError(
                f"Request must be smaller than {REQUEST_LIMIT_BYTES} bytes for the InvokeFunction operation"
            )
        with engine.core("responses").request_scope(ACCOUNT_ID, REGION):
            target = aliases.resolve(function, qualifier)
            call = Call(target, payload, source, request_id or str(uuid.uuid4()), self.begin_trace(target, event))
            if not self._enter(target):
                return self._throttled(call, "ReservedFunctionConcurrentInvocationLimitExceeded")
            try:
                return self._run(call)
            finally:
                with self._lock:
                    self._in_flight[function] -= 1

    def provision(self, wanted: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
        """Have this many environments of each (function, version) ready, and no others; how many there are."""
        specs = {}
        for name, version in wanted:
            with contextlib.suppress(FunctionNotFoundError):
                specs[name, version] = self._specs.of(aliases.resolve(name, version))
        ready = self._pool.provision([(spec, wanted[version]) for version, spec in specs.items()])
        return {version: ready[specs[version].key] if version in specs else 0 for version in wanted}

    def _enter(self, target: Target) -> bool:
        """Count the invocation; False at the function's reserved concurrency, which all its versions share."""
        reserved = target.base.get("concurrency")
        if isinstance(reserved, dict):
            reserved = reserved.get("ReservedConcurrentExecutions")
        with self._lock:
            running = self._in_flight.get(target.name, 0)
            if reserved is not None and running >= int(reserved):
                return False
            self._in_flight[target.name] = running + 1
            return True

    def _run(self, call: Call) -> Result:
        environment = self._pool.acquire(self._specs.of(call.target), QUEUE_SECONDS)
        if environment is None:
            return self._throttled(call, "ConcurrentInvocationLimitExceeded")
        keep = False
        try:
            if environment.new and not initialize(environment, call.target.config):
                environment = self._pool.start_again(environment)
            execution = execute(environment, call)
            keep = execution.reusable
        finally:
            self._pool.release(environment, keep=keep)
        self._tell(call, execution.outcome, execution.started, execution.duration_ms, execution.init_ms)
        return Result(
            payload=execution.response,
            failed=execution.outcome is not Outcome.SUCCESS,
            executed_version=call.target.version,
            log_tail=execution.log_tail,
            request_id=call.request_id,
        )

    def _throttled(self, call: Call, reason: str) -> Result:
        self._tell(call, Outcome.THROTTLE, time.time(), 0.0, None)
        body = {"Type": "User", "message": "Rate Exceeded.", "Reason": reason}
        return Result(json.dumps(body).encode(), True, call.target.version, throttle=reason, request_id=call.request_id)

    def _tell(self, call: Call, outcome: Outcome, started: float, duration_ms: float, init_ms: float | None) -> None:
        target = call.target
        record = InvocationRecord(
            function=target.name,
            qualifier=target.qualifier,
            alias=target.qualifier if target.qualifier in target.base["aliases"] else None,
            version=target.version,
            source=call.source,
            started=started,
            duration_ms=duration_ms,
            outcome=outcome,
            trace_id=call.trace_id,
            arn=target.arn,
            request_id=call.request_id,
            init_ms=init_ms,
            concurrent=self._in_flight.get(target.name, 0),
        )
        invocations.tell(self.on_invocation, record)
