"""Logs, metrics and traces of a function, wired once.

Importing pulls in Powertools' Logger and Metrics, and with them jmespath and the bare package botocore (none of its
modules); the X-Ray SDK only as tracing.py says.

Names, namespace and log level come from POWERTOOLS_SERVICE_NAME, POWERTOOLS_METRICS_NAMESPACE and POWERTOOLS_LOG_LEVEL;
LOG_LEVEL_PARAMETER names a parameter that changes the level for a while (log_level.py). Lines follow
contracts/log_line.json, and nothing secret or personal gets into them (redaction.py).
"""

import gc
import json
import logging
import os
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import tracing
from shared.log_level import LogLevel, read_parameter
from shared.money import EXPONENTS, Money
from shared.redaction import redact, scrub

type Json = dict[str, Any]
type Handler[Result] = Callable[[Json, LambdaContext], Result]

HEALTH_EVENT = {"tradepost": "health"}
"""Asks any function whether it can work. No trigger can send it: each wraps what comes in in fields of its own."""

DEFAULT_LEVEL = os.environ.get("POWERTOOLS_LOG_LEVEL", "INFO")


def _to_json(line: Json) -> str:
    """A line of the log, the only way out of the process for what functions and libraries have to say."""
    return json.dumps(redact(line), default=lambda value: scrub(str(value)), separators=(",", ":"), ensure_ascii=False)


# Lambda reads the level of a line only beside a time in RFC 3339; other lines it takes for INFO.
logger = Logger(utc=True, use_rfc3339=True, json_serializer=_to_json)
metrics = Metrics()

_CORRELATION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", re.ASCII)


def _set_level(level: str) -> None:
    """Set the logger's level: Powertools' own setLevel takes that of Lambda's filter, which lets everything pass."""
    logging.getLogger(logger.name).setLevel(level)


_set_level(DEFAULT_LEVEL)
_level = LogLevel(_set_level, DEFAULT_LEVEL, lambda: read_parameter(os.environ["LOG_LEVEL_PARAMETER"]))
_first_request = [True]
"""Emptied by the first request of this process: the one that pays the cold start."""


def handler[Result](prepare: Callable[[], object] | None = None) -> Callable[[Handler[Result]], Handler[Result]]:
    """Decorate a function's entry point.

    Each log line gets request_id, function_request_id and correlation_id; the first request counts a ColdStart; the
    request is a span; metrics are flushed even after an error; an unhandled error is logged and goes on to Lambda,
    which counts it per version. ``prepare`` makes what requests need; on Lambda it runs during INIT, where the
    processor is not throttled, elsewhere on first use by whoever calls it.

    HEALTH_EVENT never reaches the function: an answer to it means that this version's code could be imported and that
    ``prepare`` found what it needs. It leaves nothing behind: no log line, no metric, no write.
    """

    def decorate(function: Handler[Result]) -> Handler[Result]:
        if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
            _quiet_libraries()
            _finish_init(prepare)

        @wraps(function)
        def invoke(event: Json, context: LambdaContext) -> Result:
            if event == HEALTH_EVENT:
                return cast("Result", _health(prepare, context))
            _start(event, context)
            try:
                with tracing.span("handler", correlation_id=correlation_id(event) or context.aws_request_id):
                    return function(event, context)
            except Exception as error:
                logger.exception("unhandled error")
                # Lambda writes it into the log once more, by itself.
                error.args = tuple(redact(error.args))
                raise
            finally:
                _flush()

        return invoke

    return decorate


def _quiet_libraries() -> None:
    """Have libraries log what is wrong alone, in lines like our own: Lambda sets the root logger to its filter's level.

    At DEBUG botocore would log every request whole: what is stored, and the session token that signs it.
    """
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    for handler in root.handlers:
        handler.setFormatter(logger.registered_formatter)


def _health(prepare: Callable[[], object] | None, context: LambdaContext) -> Json:
    if prepare is not None:
        prepare()
    _first_request.clear()
    return {
        "healthy": True,
        "service": os.environ.get("POWERTOOLS_SERVICE_NAME"),
        "function": context.function_name,
        "version": context.function_version,
    }


def _finish_init(prepare: Callable[[], object] | None) -> None:
    """Make what requests need, then let the garbage collector work, but never on what INIT has made."""
    if prepare is not None:
        prepare()
    gc.freeze()
    gc.enable()


def bind(**keys: str | int | None) -> None:
    """Put these keys into every later log line of this invocation. Never personal data, never a credential."""
    logger.append_keys(**keys)


def count(metric: str, value: int = 1) -> None:
    """Add to a metric of this invocation."""
    metrics.add_metric(name=metric, unit=MetricUnit.Count, value=value)


def time(metric: str, milliseconds: float) -> None:
    """Add to the distribution of a metric of this invocation."""
    metrics.add_metric(name=metric, unit=MetricUnit.Milliseconds, value=milliseconds)


def money(metric: str, amount: Money) -> None:
    """Add to a metric by currency, in major units: a figure to look at, not one to account with."""
    value = amount.amount / 10 ** EXPONENTS[amount.currency]
    with single_metric(name=metric, unit=MetricUnit.NoUnit, value=value) as one:
        one.add_dimension(name="currency", value=amount.currency)


def correlation_id(event: Mapping[str, Any]) -> str | None:
    """What links everything that one request set in motion.

    That of a command (shared/commands.py) or of an event of the bus; of a request through the gateway the caller's
    X-Correlation-Id if it is 1 to 64 letters, digits or ``._:-``, else the gateway's request id; None for an event that
    names none of these.
    """
    detail = event.get("detail")
    for carrier in (event, detail if isinstance(detail, Mapping) else {}):
        if isinstance(given := carrier.get("correlation_id"), str):
            return given
    for name, value in (event.get("headers") or {}).items():
        if name.lower() == "x-correlation-id" and _CORRELATION_ID.fullmatch(str(value)):
            return str(value)
    return gateway_request_id(event)


def gateway_request_id(event: Mapping[str, Any]) -> str | None:
    """API Gateway's id of the request, the one that callers see."""
    request_id = (event.get("requestContext") or {}).get("requestId")
    return None if request_id is None else str(request_id)


def _start(event: Json, context: LambdaContext) -> None:
    if "LOG_LEVEL_PARAMETER" in os.environ:
        _level.follow()
    logger.clear_state()
    bind(
        request_id=gateway_request_id(event) or context.aws_request_id,
        function_request_id=context.aws_request_id,
        correlation_id=correlation_id(event) or context.aws_request_id,
    )
    if _first_request:
        _first_request.clear()
        metrics.provider.add_cold_start_metric(context)


def _flush() -> None:
    # Powertools warns about an empty set; an invocation that counted nothing is no mistake.
    if metrics.metric_set:
        metrics.flush_metrics()
