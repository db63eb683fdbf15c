"""API Gateway's segment of a REST API request, on stages with tracing; the header goes on to the integration."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Any

from scripts.local import engine
from scripts.local.functions.functions import inbound_trace
from scripts.local.gateway import request as gateway_request
from scripts.local.settings import ACCOUNT_ID, REGION
from scripts.local.xray.header import TraceHeader, new_segment_id
from scripts.local.xray.sampling import Request
from scripts.local.xray.tracer import Segment, Tracer, outcome

ORIGIN = "AWS::ApiGateway::Stage"
_HEADER = "x-amzn-trace-id"
_segment: ContextVar[Segment | None] = ContextVar("gateway_segment", default=None)


def install(tracer: Tracer) -> None:
    """Wrap what executes a request, and its Lambda integration."""
    gateway = engine.service("apigateway_v1")
    execute, invoke = gateway._handle_execute_in_scope, gateway._invoke_lambda_proxy_v1

    async def execute_and_trace(
        api_id: str, stage_name: str, method: str, path: str, headers: dict[str, str], *rest: Any
    ) -> Any:
        stage = gateway._stages_v1.get(api_id, {}).get(stage_name) or {}
        if not stage.get("tracingEnabled"):
            _segment.set(None)
            inbound = TraceHeader.parse(headers.get(_HEADER, ""))
            inbound_trace.set(str(inbound))
            return await execute(api_id, stage_name, method, path, headers | {_HEADER: str(inbound)}, *rest)
        name = f"{(gateway._rest_apis.get(api_id) or {}).get('name', api_id)}/{stage_name}"
        arn = f"arn:aws:apigateway:{REGION}::/restapis/{api_id}/stages/{stage_name}"
        host = headers.get("host", "*")
        request = Request(name, ORIGIN, arn, host, method, path)
        segment = tracer.begin(headers.get(_HEADER, ""), name, ORIGIN, request)
        _segment.set(segment)
        inbound_trace.set(str(segment.header))
        answer = await execute(api_id, stage_name, method, path, headers | {_HEADER: str(segment.header)}, *rest)
        status, answer_headers, body = answer
        answer_headers = {**answer_headers, "X-Amzn-Trace-Id": str(segment.header)}
        tracer.end(
            segment,
            http={
                "request": {
                    "method": method,
                    "url": f"https://{host}/{stage_name}{path}",
                    "client_ip": headers.get("x-forwarded-for", "127.0.0.1").split(",")[0].strip(),
                    "user_agent": headers.get("user-agent", ""),
                    "x_forwarded_for": True,
                },
                "response": {"status": status, "content_length": len(body)},
            },
            aws={
                "api_gateway": {
                    "account_id": ACCOUNT_ID,
                    "request_id": answer_headers.get("x-amzn-requestid", ""),
                    "rest_api_id": api_id,
                    "stage": stage_name,
                }
            },
            resource_arn=arn,
            **outcome(status),
        )
        return status, answer_headers, body

    async def invoke_and_trace(integration: dict[str, Any], *rest: Any, **more: Any) -> Any:
        segment = _segment.get()
        if segment is None:
            return await invoke(integration, *rest, **more)
        part = new_segment_id()
        gateway_request.current.get().headers[_HEADER] = str(segment.below(part))
        started = time.time()
        try:
            return await invoke(integration, *rest, **more)
        finally:
            function = integration["uri"].rpartition("/functions/")[2].removesuffix("/invocations")
            aws = {"operation": "Invoke", "function_name": function, "region": REGION}
            segment.part("Lambda", started, time.time(), id=part, namespace="aws", aws=aws)

    gateway._handle_execute_in_scope = execute_and_trace
    gateway._invoke_lambda_proxy_v1 = invoke_and_trace
