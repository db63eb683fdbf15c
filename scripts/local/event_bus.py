"""EventBridge: rules invoke functions asynchronously, by alias, with retries; a bus keeps the policy it is given."""

from __future__ import annotations

import json
import logging
from typing import Any

from scripts.local import engine

logger = logging.getLogger("tradepost.event_bus")


def install() -> None:
    """Ministack runs a rule's function once and forgets it, and turns a whole policy into an Allow for everyone."""
    functions, buses = engine.service("lambda_svc"), engine.service("eventbridge")
    put_permission = buses._put_permission

    def dispatch_to_lambda(arn: str, payload: str) -> None:
        record, _, name = functions._get_func_record_for_ref(arn)
        if record is None:
            logger.warning("a rule names the function %s, which does not exist", name)
            return
        functions.invoke_async_with_retry(record, json.loads(payload))

    def put_whole_policy(data: dict[str, Any]) -> Any:
        if not data.get("Policy"):
            return put_permission(data)
        buses._event_bus_policies[data.get("EventBusName", "default")] = json.loads(data["Policy"])
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, b"{}"

    buses._dispatch_to_lambda = dispatch_to_lambda
    buses._put_permission = put_whole_policy
