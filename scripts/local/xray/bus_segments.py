"""EventBridge in a trace: a segment per event, and its header to every target."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from scripts.local import engine
from scripts.local.functions.functions import inbound_trace
from scripts.local.settings import ACCOUNT_ID, REGION
from scripts.local.xray.tracer import Tracer

ORIGIN = "AWS::Events"
_entries: ContextVar[list[dict[str, Any]]] = ContextVar("bus_entries", default=[])  # noqa: B039  never changed


def install(tracer: Tracer) -> None:
    """Wrap PutEvents and the delivery of one event. An entry's TraceHeader counts before the request's header."""
    buses = engine.service("eventbridge")
    put_events, dispatch = buses._put_events, buses._dispatch_event

    def put_and_remember(data: dict[str, Any], allow_aws_source: bool = False) -> Any:
        """Events of AWS services themselves belong to no trace."""
        entries = _entries.set([] if allow_aws_source else data.get("Entries") or [])
        try:
            return put_events(data, allow_aws_source)
        finally:
            _entries.reset(entries)

    def dispatch_and_trace(event: dict[str, Any], *rest: Any) -> None:
        entry = next((found for found in _entries.get() if found.get("Detail") is event.get("Detail")), None)
        inbound = (entry or {}).get("TraceHeader") or inbound_trace.get()
        if entry is None or not inbound:
            with _header(""):
                dispatch(event, *rest)
            return
        bus = event.get("EventBusName", "default")
        segment = tracer.begin(inbound, bus, ORIGIN, None)
        with _header(str(segment.header)):
            dispatch(event, *rest)
        aws = {"operation": "PutEvents", "event_id": event["EventId"], "detail_type": event["DetailType"]}
        tracer.end(segment, aws=aws, resource_arn=f"arn:aws:events:{REGION}:{ACCOUNT_ID}:event-bus/{bus}")

    buses._put_events = put_and_remember
    buses._dispatch_event = dispatch_and_trace


@contextmanager
def _header(text: str) -> Iterator[None]:
    outside = inbound_trace.set(text)
    try:
        yield
    finally:
        inbound_trace.reset(outside)
