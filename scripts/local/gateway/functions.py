"""Lambda integrations of REST APIs: who may invoke, the proxy event and response, the plain call."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from scripts.local import engine, roles
from scripts.local.functions import aliases, resource_policies
from scripts.local.functions.aliases import FunctionNotFoundError
from scripts.local.functions.async_invocations import AsyncInvocations
from scripts.local.functions.functions import Functions, RequestTooLargeError, Result, Source, inbound_trace
from scripts.local.gateway import request as gateway_request
from scripts.local.gateway.mapping import BackendAnswer, BackendRequest
from scripts.local.gateway.request import GatewayRequest
from scripts.local.gateway.responses import INTERNAL, Response, refused
from scripts.local.gateway.timing import timed
from scripts.local.settings import ACCOUNT_ID, REGION
from scripts.local.targets import service_roles

PRINCIPAL = "apigateway.amazonaws.com"


class FunctionIntegrations:
    """Invokes functions for the gateway; no text of an error leaves it."""

    def __init__(self, functions: Functions, asynchronous: AsyncInvocations) -> None:
        self._functions = functions
        self._asynchronous = asynchronous
        self._engine = engine.service("apigateway_v1")

    async def proxy(self, request: GatewayRequest, integration: dict[str, Any], binary_types: list[str]) -> Response:
        """Give the function the whole request, and its response to the client."""
        binary = self._engine._media_type_matches(request.headers.get("content-type"), binary_types)
        event = gateway_request.proxy_event(request, binary=binary)
        result = await self._invoke(request, integration, event)
        parsed = None if result.failed else _proxy_response(result.payload)
        if parsed is None:
            raise refused("DEFAULT_5XX", INTERNAL, 502)
        body = str(parsed.get("body") or "").encode()
        accept = request.headers.get("accept")
        if parsed.get("isBase64Encoded") and self._engine._media_type_matches(accept, binary_types):
            body = base64.b64decode(body)
        return int(parsed["statusCode"]), _response_headers(parsed), body

    async def call(
        self, request: GatewayRequest, integration: dict[str, Any], backend: BackendRequest
    ) -> BackendAnswer:
        """Give the function the mapped body; a function error is an outcome for selection patterns."""
        try:
            event = json.loads(backend.body or "{}")
        except ValueError as error:
            raise refused("API_CONFIGURATION_ERROR", INTERNAL) from error
        headers = {name.lower(): value for name, value in backend.headers.items()}
        if headers.get("x-amz-invocation-type") == "Event":
            self._asynchronous.submit(
                *self._permitted(request, integration), event, Source.GATEWAY, trace=request.trace
            )
            return BackendAnswer("", None, 202)
        result = await self._invoke(request, integration, event)
        text = result.payload.decode()
        if not result.failed:
            return BackendAnswer(text, None)
        return BackendAnswer(text, str((json.loads(text) or {}).get("errorMessage", "")))

    async def _invoke(self, request: GatewayRequest, integration: dict[str, Any], event: Any) -> Result:
        name, qualifier = self._permitted(request, integration)
        inbound_trace.set(request.trace)
        work = (self._functions.invoke, name, qualifier, event, Source.GATEWAY)
        try:
            result: Result = await timed(request, integration, *work)
        except FunctionNotFoundError as error:
            raise refused("API_CONFIGURATION_ERROR", INTERNAL) from error
        except RequestTooLargeError as error:
            raise refused("REQUEST_TOO_LARGE", "Request Too Long") from error
        request.integration["status"] = "429" if result.throttle else "200"
        if result.throttle:
            raise refused("INTEGRATION_FAILURE", INTERNAL)
        return result

    def _permitted(self, request: GatewayRequest, integration: dict[str, Any]) -> tuple[str, str | None]:
        """The function, if its resource policy or the integration's role lets this method of this API in."""
        reference = self._engine._extract_lambda_ref_from_integration_uri(integration["uri"])
        name, qualifier = aliases.split_reference(reference)
        arn = engine.service("lambda_svc")._func_arn(name) + (f":{qualifier}" if qualifier else "")
        role = integration.get("credentials")
        if role:
            allowed = service_roles.trusts(role, PRINCIPAL) and roles.allows(role, "lambda:InvokeFunction", arn)
        else:
            resource = re.sub(r"\{[^}]+\}", "*", request.resource_path)
            method = f"{request.api_id}/{request.stage_name}/{request.method}{resource}"
            source = f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{method}"
            allowed = resource_policies.may_invoke(arn, PRINCIPAL, source)
        if not allowed:
            raise refused("API_CONFIGURATION_ERROR", INTERNAL)
        return name, qualifier


def _proxy_response(payload: bytes) -> dict[str, Any] | None:
    """A Lambda proxy response, or None when it is malformed (AWS then answers 502)."""
    try:
        parsed = json.loads(payload)
        if (
            isinstance(parsed, dict)
            and 100 <= int(parsed["statusCode"]) <= 599
            and isinstance(parsed.get("body", ""), str | None)
        ):
            return parsed
    except (ValueError, KeyError, TypeError):
        pass
    return None


def _response_headers(parsed: dict[str, Any]) -> dict[str, Any]:
    """Single and multi-value headers merged without regard to case; application/json unless the function says."""
    merged: dict[str, tuple[str, Any]] = {"content-type": ("Content-Type", "application/json")}
    for name, value in (parsed.get("headers") or {}).items():
        merged[name.lower()] = (name, str(value))
    for name, values in (parsed.get("multiValueHeaders") or {}).items():
        if values:
            merged[name.lower()] = (name, [str(value) for value in values])
    return dict(merged.values())
