"""Lambda invocations: the one path by which every caller, API or event source runs a function."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import threading
import time
import uuid
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scripts.local import aliases, engine, function_code, function_logs
from scripts.local.aliases import Target
from scripts.local.environments import DEFAULT_LIMIT, INIT_SECONDS, Environment, EnvironmentPool, EnvironmentSpec
from scripts.local.runtime_api import Invocation
from scripts.local.settings import ACCOUNT_ID, REGION, Settings

QUEUE_SECONDS = 25.0
"""How long an invocation waits for an environment before it is throttled; less than the gateway's 29 s."""

REQUEST_LIMIT_BYTES = 6 * 1024 * 1024
logger = logging.getLogger("tradepost.functions")

inbound_trace: ContextVar[str] = ContextVar("inbound_trace", default="")
"""The X-Amzn-Trace-Id of the request that led to the invocation."""


class Source(StrEnum):
    """Who invokes; for logs and metrics, the behaviour is the same for all."""

    DIRECT = "direct"
    GATEWAY = "api_gateway"
    STREAM = "dynamodb_stream"
    SERVICE = "service"


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


class Functions:
    """All functions of the account: their environments and their concurrency."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.functions_dir
        self._endpoint = settings.endpoint
        self._pool = EnvironmentPool(int(os.environ.get("TRADEPOST_CONCURRENCY", DEFAULT_LIMIT)))
        self._specs: dict[tuple[str, str, str], EnvironmentSpec] = {}
        self._in_flight: dict[str, int] = {}
        self._lock = threading.Lock()

    def environments(self) -> int:
        return len(self._pool)

    def idle(self) -> bool:
        return not any(self._in_flight.values())

    def close(self) -> None:
        self._pool.close()

    def invoke(self, function: str, qualifier: str | None, event: object, source: Source) -> Result:
        """Run a function and wait for its result. Raises FunctionNotFoundError and RequestTooLargeError.

        `qualifier` is an alias, a version or None for $LATEST; `event` any JSON value.
        """
        logger.debug("%s invokes %s:%s", source, function, qualifier or "$LATEST")
        payload = json.dumps(event, ensure_ascii=False).encode()
        if len(payload) > REQUEST_LIMIT_BYTES:
            raise RequestTooLargeError(
                f"Request must be smaller than {REQUEST_LIMIT_BYTES} bytes for the InvokeFunction operation"
            )
        with engine.core("responses").request_scope(ACCOUNT_ID, REGION):
            target = aliases.resolve(function, qualifier)
            if not self._enter(target):
                return _throttled(target, "ReservedFunctionConcurrentInvocationLimitExceeded")
            try:
                return self._run(target, payload)
            finally:
                with self._lock:
                    self._in_flight[function] -= 1

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

    def _run(self, target: Target, payload: bytes) -> Result:
        environment = self._pool.acquire(self._spec(target), QUEUE_SECONDS)
        if environment is None:
            return _throttled(target, "ConcurrentInvocationLimitExceeded")
        keep = False
        try:
            result, keep = self._run_in(environment, target, payload)
            return result
        finally:
            self._pool.release(environment, keep=keep)

    def _run_in(self, environment: Environment, target: Target, payload: bytes) -> tuple[Result, bool]:
        """Run one invocation in an environment; also whether the environment may stay warm."""
        config = target.config
        timeout = int(config.get("Timeout") or 3)
        cold = environment.invocations == 0
        if cold:
            environment.wait_until_ready(INIT_SECONDS + timeout)
        started = time.time()
        invocation = Invocation(
            str(uuid.uuid4()), payload, target.arn, int((started + timeout) * 1000), _trace_id(config)
        )
        if cold and environment.init_error is not None:
            environment.invocations += 1
            invocation.finish(environment.init_error, failed=True)
            finished = True
        else:
            finished = environment.run(invocation, timeout)
        status = "timeout" if not finished else "error" if invocation.failed else "success"
        if not finished:
            invocation.finish(_timed_out(invocation.request_id, timeout), failed=True)
        report = function_logs.Report(
            request_id=invocation.request_id,
            version=target.version,
            started_ms=int(started * 1000),
            duration_ms=(time.time() - started) * 1000,
            memory_size=int(config.get("MemorySize") or 128),
            memory_used=environment.memory_megabytes(),
            init_ms=environment.init_ms if cold else None,
            status=status,
            trace_id=invocation.trace_id,
        )
        output = environment.take_output()
        if not finished:
            output.append((report.ended_ms, _timeout_line(invocation.request_id, timeout)))
        events = function_logs.lines(report, output, config)
        function_logs.write(environment.spec.log_group, environment.log_stream, events, config.get("Role"))
        keep = finished and environment.alive and environment.init_error is None
        result = Result(invocation.response or b"null", invocation.failed, target.version, function_logs.tail(events))
        return result, keep

    def _spec(self, target: Target) -> EnvironmentSpec:
        """The environment of a version; found again without unpacking anything while nothing has changed."""
        config = target.config
        identity = (target.name, target.version, _digest(config))
        found = self._specs.get(identity)
        if found is not None and found.task_root.is_dir() and found.layers.is_dir():
            return found
        functions = engine.service("lambda_svc")
        layers = [functions._resolve_layer_zip(layer) for layer in config.get("Layers") or []]
        spec = EnvironmentSpec(
            key=":".join(identity),
            function=target.name,
            version=target.version,
            task_root=function_code.unpack(self._folder, "task", [target.record["code_zip"]]),
            layers=function_code.unpack(self._folder, "opt", [layer for layer in layers if layer]),
            variables=_variables(target, self._endpoint),
            log_group=_log_group(config),
        )
        self._specs[identity] = spec
        return spec


def _digest(config: dict[str, Any]) -> str:
    names = (
        "CodeSha256",
        "Environment",
        "Handler",
        "Layers",
        "LoggingConfig",
        "MemorySize",
        "Role",
        "Runtime",
        "Timeout",
        "TracingConfig",
    )
    return hashlib.sha256(json.dumps([config.get(name) for name in names], sort_keys=True).encode()).hexdigest()[:16]


def _variables(target: Target, endpoint: str) -> dict[str, str]:
    """What Lambda sets, the role's credentials, the function's own variables, and where the local AWS is."""
    config = target.config
    logging = config.get("LoggingConfig") or {}
    own = (config.get("Environment") or {}).get("Variables") or {}
    log_level = {"AWS_LAMBDA_LOG_LEVEL": logging["ApplicationLogLevel"]} if logging.get("ApplicationLogLevel") else {}
    return {
        "AWS_ENDPOINT_URL": endpoint,
        **own,
        **engine.core("lambda_runtime").execution_credentials(config),
        **log_level,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.get('Runtime')}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize") or 128),
        "AWS_LAMBDA_FUNCTION_NAME": target.name,
        "AWS_LAMBDA_FUNCTION_VERSION": target.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": "JSON" if logging.get("LogFormat") == "JSON" else "Text",
        "AWS_LAMBDA_LOG_GROUP_NAME": _log_group(config),
        "AWS_REGION": REGION,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "TZ": ":UTC",
        "_HANDLER": str(config.get("Handler")),
    }


def _log_group(config: dict[str, Any]) -> str:
    return (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"


def _trace_id(config: dict[str, Any]) -> str:
    """The trace header of the caller, or a new root that is sampled when the function traces actively."""
    inbound = inbound_trace.get()
    if inbound:
        return inbound
    sampled = int((config.get("TracingConfig") or {}).get("Mode") == "Active")
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled={sampled}"


def _timed_out(request_id: str, timeout: int) -> bytes:
    message = f"RequestId: {request_id} Error: Task timed out after {timeout:.2f} seconds"
    return json.dumps({"errorType": "Sandbox.Timedout", "errorMessage": message}).encode()


def _timeout_line(request_id: str, timeout: int) -> str:
    return (
        f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime())}Z {request_id} Task timed out after {timeout:.2f} seconds"
    )


def _throttled(target: Target, reason: str) -> Result:
    body = {"Type": "User", "message": "Rate Exceeded.", "Reason": reason}
    return Result(json.dumps(body).encode(), failed=True, executed_version=target.version, throttle=reason)
