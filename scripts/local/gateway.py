"""The data plane of REST APIs: limits, validation, gateway responses, Lambda proxy integrations, access logs."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import time
from collections.abc import Callable
from typing import Any

from scripts.local import aliases, engine, function_logs, gateway_request, gateway_validation, resource_policies, roles
from scripts.local.aliases import FunctionNotFoundError
from scripts.local.functions import Functions, RequestTooLargeError, Result, Source, inbound_trace
from scripts.local.gateway_request import GatewayRequest, current
from scripts.local.settings import ACCOUNT_ID, REGION

BODY_LIMIT_BYTES = 10 * 1024 * 1024
Response = tuple[int, dict[str, Any], bytes]
_INTERNAL = "Internal server error"
_DEFAULT_STATUS = {"DEFAULT_4XX": 403, "DEFAULT_5XX": 500}


class Gateway:
    """Replaces ministack's execution of REST API requests, step by step; routing and authorizers stay its own."""

    def __init__(self, functions: Functions, changed: Callable[[], None]) -> None:
        self._functions = functions
        self._changed = changed
        self._engine = engine.service("apigateway_v1")

    def install(self) -> None:
        check_key = self._engine._check_api_key

        def check_api_key(method: dict[str, Any], *rest: Any) -> Any:
            error, key = check_key(method, *rest)
            current.get().api_key = key
            return error, key

        self._engine._handle_execute_in_scope = self._execute
        self._engine._check_api_key = check_api_key
        self._engine._check_request_validation = self._validate
        self._engine._invoke_lambda_proxy_v1 = self._invoke_proxy
        self._engine._gateway_error_response = self._error_response

    async def _execute(  # noqa: PLR0913, PLR0917  ministack's signature
        self,
        api_id: str,
        stage_name: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, list[str]],
        account: str,
        region: str,
    ) -> Response:
        stage = self._engine._stages_v1.get(api_id, {}).get(stage_name)
        routing = {
            "api_id": api_id,
            "stage_name": stage_name,
            "stage": stage,
            "headers": headers,
            "query_params": query,
            "path_params": {},
            "resource_path": "",
        }
        request = GatewayRequest(api_id, stage_name, method, path, headers, routing)
        routing["request_id"] = request.request_id
        current.set(request)
        if stage is not None and len(body) > BODY_LIMIT_BYTES:
            response = self._error("REQUEST_TOO_LARGE", "Request Too Long")
        else:
            response = await self._engine._execute_in_scope(
                routing, api_id, stage_name, method, path, headers, body, query, account, region
            )
        if isinstance(response, self._engine._GatewayError):
            response = self._error_response(response, routing)
        status, answer_headers, content = response
        answer_headers = {
            **answer_headers,
            "x-amzn-requestid": request.request_id,
            "x-amz-apigw-id": request.extended_request_id,
        }
        if stage is not None:
            self._log_access(request, stage, status, len(content))
        return status, answer_headers, content

    def _error(self, response_type: str, message: str, status: int | None = None) -> Any:
        error = self._engine._GatewayError(response_type, message)
        error.status = status
        return error

    def _error_response(self, error: Any, routing: dict[str, Any]) -> Response:
        """Render a gateway response: the API's own for the type, else its DEFAULT_4XX or _5XX, else AWS's default."""
        gateway = self._engine
        request = current.get(None) or GatewayRequest(
            routing["api_id"], routing["stage_name"], "", "", routing["headers"], routing
        )
        customized = gateway._deployed_gateway_responses.get(request.api_id, {}).get(
            routing["stage"].get("deploymentId")
        ) or gateway._gateway_responses.get(request.api_id, {})
        found = gateway._gateway_response_for_type(customized, error.response_type)
        template = (found.get("responseTemplates") or {}).get(
            "application/json", '{"message":$context.error.messageString}'
        )
        message = error.message or ""
        request.error = {
            "message": message,
            "messageString": json.dumps(message),
            "responseType": error.response_type,
            **({"validationErrorString": request.error["validationErrorString"]} if request.error else {}),
        }
        headers = {"Content-Type": "application/json"}
        for name, source in (found.get("responseParameters") or {}).items():
            value = gateway._gateway_request_value(source, routing)
            if value is not None:
                headers = {key: old for key, old in headers.items() if key.lower() != name.split(".")[-1].lower()}
                headers[name.removeprefix("gatewayresponse.header.")] = value
        kind = error.error_type or gateway._GATEWAY_RESPONSE_ERROR_TYPES.get(error.response_type)
        if kind:
            headers["x-amzn-ErrorType"] = kind
        in_strings = {
            name: value if name == "error.messageString" else gateway_request.json_text(value)
            for name, value in request.variables().items()
        }
        status = found.get("statusCode") or getattr(error, "status", None) or _DEFAULT_STATUS[_family(found)]
        return int(status), headers, gateway_request.render(template, in_strings, "").encode()

    def _validate(
        self,
        method: dict[str, Any],
        api_id: str,
        routing: dict[str, Any],
        headers: dict[str, str],
        body: bytes,
        query: dict[str, list[str]],
    ) -> Any:
        """The method's request validator: required parameters first, then the body against its model."""
        validator = self._engine._request_validators.get(api_id, {}).get(method.get("requestValidatorId")) or {}
        if validator.get("validateRequestParameters"):
            missing = self._engine._missing_request_parameters(method, routing, headers, query)
            if missing:
                text = "Missing required request parameters: [" + ", ".join(missing) + "]"
                return self._error("BAD_REQUEST_PARAMETERS", text)
        models = method.get("requestModels") or {}
        content_type = headers.get("content-type", "application/json").split(";")[0].strip()
        model = models.get(content_type) or models.get("application/json")
        if not validator.get("validateRequestBody") or not model:
            return None
        schema = (self._engine._models.get(api_id, {}).get(model) or {}).get("schema") or "{}"
        messages = gateway_validation.errors(schema, body or b"null")
        if not messages:
            return None
        current.get().error = {"validationErrorString": gateway_validation.error_string(messages)}
        return self._error("BAD_REQUEST_BODY", "Invalid request body")

    async def _invoke_proxy(
        self,
        integration: dict[str, Any],
        _api_id: str,
        _stage_name: str,
        _stage: dict[str, Any],
        resource: dict[str, Any],
        _path: str,
        _method: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, list[str]],
        _path_params: dict[str, str],
        *,
        binary_media_types: list[str],
        authorizer_context: dict[str, Any] | None,
        **_unused: Any,
    ) -> Any:
        """Invoke the function and give its response to the client; no text of an error leaves the gateway."""
        request = current.get()
        request.resource_id = resource["id"]
        name, qualifier = aliases.split_reference(
            self._engine._extract_lambda_ref_from_integration_uri(integration["uri"])
        )
        if not self._may_invoke(integration, request, name, qualifier):
            return self._error("API_CONFIGURATION_ERROR", _INTERNAL)
        binary = self._engine._media_type_matches(headers.get("content-type"), binary_media_types)
        event = gateway_request.proxy_event(request, body, query, binary=binary, authorizer=authorizer_context)
        inbound_trace.set(request.trace)
        started = time.monotonic()
        run = engine.core("concurrency").run_reentrant
        task = asyncio.ensure_future(
            run(self._functions.invoke, name, qualifier, event, Source.GATEWAY, thread_name="gateway-invoke")
        )
        seconds = int(integration.get("timeoutInMillis") or 29000) / 1000
        await asyncio.wait({task}, timeout=seconds)
        request.integration["latency"] = str(int((time.monotonic() - started) * 1000))
        if not task.done():
            return self._error("INTEGRATION_TIMEOUT", "Endpoint request timed out")
        try:
            result = task.result()
        except FunctionNotFoundError:
            return self._error("API_CONFIGURATION_ERROR", _INTERNAL)
        except RequestTooLargeError:
            return self._error("REQUEST_TOO_LARGE", "Request Too Long")
        request.integration["status"] = "429" if result.throttle else "200"
        return self._client_response(result, headers, binary_media_types)

    def _may_invoke(
        self, integration: dict[str, Any], request: GatewayRequest, name: str, qualifier: str | None
    ) -> bool:
        """Whether the function's resource policy, or the integration's role, lets this method of this API in."""
        functions = engine.service("lambda_svc")
        arn = functions._func_arn(name) + (f":{qualifier}" if qualifier else "")
        if integration.get("credentials"):
            return roles.allows(integration["credentials"], "lambda:InvokeFunction", arn)
        resource = re.sub(r"\{[^}]+\}", "*", request.routing["resource_path"])
        method = f"{request.api_id}/{request.stage_name}/{request.method}{resource}"
        source = f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{method}"
        return resource_policies.may_invoke(arn, "apigateway.amazonaws.com", source)

    def _client_response(self, result: Result, request_headers: dict[str, str], binary_types: list[str]) -> Any:
        if result.throttle:
            return self._error("INTEGRATION_FAILURE", _INTERNAL)
        parsed = None if result.failed else _proxy_response(result.payload)
        if parsed is None:
            return self._error("DEFAULT_5XX", _INTERNAL, 502)
        body = str(parsed.get("body") or "").encode()
        if parsed.get("isBase64Encoded") and self._engine._media_type_matches(
            request_headers.get("accept"), binary_types
        ):
            body = base64.b64decode(body)
        return int(parsed["statusCode"]), _response_headers(parsed), body

    def _log_access(self, request: GatewayRequest, stage: dict[str, Any], status: int, length: int) -> None:
        settings = stage.get("accessLogSettings") or {}
        if not settings.get("destinationArn") or not settings.get("format"):
            return
        variables = {
            **request.variables(),
            "status": str(status),
            "responseLength": str(length),
            "responseLatency": str(int((time.time() - request.started) * 1000)),
        }
        group = settings["destinationArn"].split(":log-group:", 1)[1].removesuffix(":*")
        stream = hashlib.md5(f"{request.api_id}/{request.stage_name}".encode(), usedforsecurity=False).hexdigest()
        in_strings = {
            name: gateway_request.json_text(value) if name != "error.messageString" else value
            for name, value in variables.items()
        }
        line = gateway_request.render(settings["format"], in_strings, "-")
        function_logs.write(group, stream, [(int(time.time() * 1000), line)])
        self._changed()


def _family(response: dict[str, Any]) -> str:
    return "DEFAULT_4XX" if str(response.get("responseType")) == "DEFAULT_4XX" else "DEFAULT_5XX"


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
