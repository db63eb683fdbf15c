"""EventBridge to Lambda: an asynchronous invocation with its retries and failure destination, by alias."""

from __future__ import annotations

import json
import logging

from scripts.local import engine

logger = logging.getLogger("tradepost.event_bus")


def install() -> None:
    """ministack runs a rule's function once and forgets it; AWS hands it to Lambda's asynchronous queue."""
    functions = engine.service("lambda_svc")

    def dispatch_to_lambda(arn: str, payload: str) -> None:
        record, _, name = functions._get_func_record_for_ref(arn)
        if record is None:
            logger.warning("a rule names the function %s, which does not exist", name)
            return
        functions.invoke_async_with_retry(record, json.loads(payload))

    engine.service("eventbridge")._dispatch_to_lambda = dispatch_to_lambda
