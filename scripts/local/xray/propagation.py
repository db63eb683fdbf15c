"""The header from an API request to what the service sends on: SQS messages, bus events, workflow executions."""

from __future__ import annotations

from typing import Any

from scripts.local import engine
from scripts.local.functions.functions import inbound_trace

_HEADER = "x-amzn-trace-id"


def install() -> None:
    """Each request of these services brings its header; SQS keeps it with the message as AWSTraceHeader."""
    for name in ("eventbridge", "sns", "sqs", "stepfunctions"):
        _remember_header(engine.service(name))
    queues, buses = engine.service("sqs"), engine.service("eventbridge")
    send_attributes, dispatch_to_queue = queues._build_send_sys_attrs, buses._dispatch_to_sqs

    def attributes_with_trace(now: float, given: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = send_attributes(now, given)
        if inbound_trace.get():
            found.setdefault("AWSTraceHeader", inbound_trace.get())
        return found

    def dispatch_with_trace(spec: Any, *rest: Any) -> None:
        queue = queues._queue_by_arn(str(spec))
        before = len(queue["messages"]) if queue else 0
        dispatch_to_queue(spec, *rest)
        if queue and inbound_trace.get():
            for message in queue["messages"][before:]:
                message.setdefault("sys", {}).setdefault("AWSTraceHeader", inbound_trace.get())

    queues._build_send_sys_attrs = attributes_with_trace
    buses._dispatch_to_sqs = dispatch_with_trace


def _remember_header(service: Any) -> None:
    """A call from within the cloud has no header: what it works for is in its context already."""
    handle = service.handle_request

    async def handle_with_header(method: str, path: str, headers: dict[str, str], *rest: Any) -> Any:
        if _HEADER in headers:
            inbound_trace.set(headers[_HEADER])
        return await handle(method, path, headers, *rest)

    service.handle_request = handle_with_header
