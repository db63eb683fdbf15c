"""Lambda's two segments of an invocation: AWS::Lambda (the service) and AWS::Lambda::Function (the code)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from scripts.local.functions.aliases import Target
from scripts.local.functions.functions import inbound_trace
from scripts.local.functions.invocations import InvocationRecord, Outcome
from scripts.local.settings import ACCOUNT_ID
from scripts.local.xray.header import TraceHeader, new_segment_id
from scripts.local.xray.sampling import Request
from scripts.local.xray.tracer import Segment, Tracer

SERVICE = "AWS::Lambda"
FUNCTION = "AWS::Lambda::Function"


@dataclass(frozen=True, slots=True)
class _Pending:
    """An invocation at work: Lambda's segment, and what the function's will be linked to."""

    service: Segment
    links: list[dict[str, Any]]


class FunctionSegments:
    """Gives every invocation its _X_AMZN_TRACE_ID and sends its segments when it has ended.

    Tracing mode Active follows the decision in the caller's header and else samples by the rules; PassThrough traces
    only what the caller has sampled.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._pending: dict[str, _Pending] = {}

    def begin(self, target: Target, event: object) -> str:
        """The header for the function; what its SDK sends belongs under the function's segment."""
        active = (target.config.get("TracingConfig") or {}).get("Mode") == "Active"
        request = Request(target.name, FUNCTION, target.arn) if active else None
        segment = self._tracer.begin(inbound_trace.get(), target.name, SERVICE, request)
        function_id = new_segment_id()
        if segment.sampled:
            self._pending[function_id] = _Pending(segment, links(event))
        return str(segment.below(function_id))

    def ended(self, record: InvocationRecord) -> None:
        """Send the segments of an invocation that began here."""
        function_id = TraceHeader.parse(record.trace_id).parent
        pending = self._pending.pop(function_id, None)
        if pending is None:
            return
        if record.outcome is not Outcome.THROTTLE:
            segment = _function_segment(pending.service, function_id, record)
            self._tracer.end(segment, links=pending.links, **_function_details(record))
        self._tracer.end(pending.service, **_service_details(record))


def links(event: object) -> list[dict[str, Any]]:
    """Links to the traces that the messages of a queue come from: a batch has many, so it continues none of them."""
    records = event.get("Records") if isinstance(event, dict) else None
    found: dict[str, dict[str, Any]] = {}
    for record in records if isinstance(records, list) else []:
        if not isinstance(record, dict) or record.get("eventSource") != "aws:sqs":
            continue
        carried = (record.get("attributes") or {}).get("AWSTraceHeader")
        header = TraceHeader.parse(carried) if carried else None
        if header is not None and header.parent:
            kind = {"aws.xray.reserved.reference_type": "parent"}
            found[header.root] = {"trace_id": header.root, "id": header.parent, "attributes": kind}
    return list(found.values())


def _function_segment(service: Segment, function_id: str, record: InvocationRecord) -> Segment:
    """Initialization (of a cold start), Invocation and Overhead follow each other and fill the segment."""
    run_ended = record.started + record.duration_ms / 1000
    init_started = record.started - (record.init_ms or 0) / 1000
    cold = record.init_ms is not None and init_started >= service.started
    segment = Segment(
        record.function, FUNCTION, service.header, True, init_started if cold else record.started, function_id
    )
    if cold:
        segment.part("Initialization", init_started, record.started)
    segment.part("Invocation", record.started, run_ended, **_failure(record))
    segment.part("Overhead", run_ended, time.time())
    return segment


def _function_details(record: InvocationRecord) -> dict[str, Any]:
    aws = {"account_id": ACCOUNT_ID, "function_arn": record.arn, "request_id": record.request_id}
    return {"aws": aws | {"function_version": record.version}, "resource_arn": record.arn, **_failure(record)}


def _service_details(record: InvocationRecord) -> dict[str, Any]:
    throttled = record.outcome is Outcome.THROTTLE
    flags = {"error": True, "throttle": True} if throttled else _failure(record)
    return {
        "http": {"response": {"status": 429 if throttled else 200}},
        "aws": {"request_id": record.request_id, "trigger": record.source.value},
        "resource_arn": record.arn,
        **flags,
    }


def _failure(record: InvocationRecord) -> dict[str, bool]:
    return {"fault": True} if record.outcome in (Outcome.ERROR, Outcome.TIMEOUT) else {}
