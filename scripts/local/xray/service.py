"""X-Ray as a service of the engine: its API beside the others', its segments at the seams of the others."""

from __future__ import annotations

from scripts.local import added_service
from scripts.local.functions.functions import Functions
from scripts.local.xray import bus_segments, gateway_segments, propagation, workflow_segments
from scripts.local.xray.api import Api
from scripts.local.xray.function_segments import FunctionSegments
from scripts.local.xray.tracer import Tracer


def install(tracer: Tracer, functions: Functions) -> None:
    """Register the API and send segments for the gateway, functions, buses and workflows. Install it last."""
    added_service.register("xray", "AWSXRay.", Api(tracer), lambda _action, _body: "*")
    segments = FunctionSegments(tracer)
    functions.begin_trace = segments.begin
    functions.on_invocation.append(segments.ended)
    gateway_segments.install(tracer)
    propagation.install()
    bus_segments.install(tracer)
    workflow_segments.install(tracer)
