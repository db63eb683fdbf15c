"""The data plane of REST APIs: what happens to a request, step by step; routing and authorizers are ministack's."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from scripts.local import engine
from scripts.local.gateway import (
    cache_cluster as gateway_cache_cluster,
)
from scripts.local.gateway import (
    firewall,
)
from scripts.local.gateway import (
    logs as gateway_logs,
)
from scripts.local.gateway import (
    responses as gateway_responses,
)
from scripts.local.gateway import (
    validation as gateway_validation,
)
from scripts.local.gateway.cache import ResponseCache
from scripts.local.gateway.deployments import Deployments
from scripts.local.gateway.firewall import Firewall
from scripts.local.gateway.firewall_statements import WebRequest
from scripts.local.gateway.functions import FunctionIntegrations
from scripts.local.gateway.integrations import Integrations
from scripts.local.gateway.mapping import BackendAnswer, BackendRequest
from scripts.local.gateway.request import GatewayRequest, current
from scripts.local.gateway.responses import RefusedError, Response, gateway_error, let_through, refused
from scripts.local.gateway.services import ServiceCalls

BODY_LIMIT_BYTES = 10 * 1024 * 1024
logger = logging.getLogger("tradepost.gateway")
_NO_STAGE: Response = (
    403,
    {"Content-Type": "application/json", "x-amzn-ErrorType": "ForbiddenException"},
    b'{"message":"Forbidden"}',
)
_denied: ContextVar[Any] = ContextVar("gateway_denied", default=None)
"""The refusal of the caller's signature or IAM policies, found before the request is routed."""


class Gateway:
    """Replaces ministack's execution of REST API requests. `changed` tells that state changed outside a request."""

    def __init__(self, functions: FunctionIntegrations, endpoint: str, changed: Callable[[], None]) -> None:
        self._functions = functions
        self._changed = changed
        self._engine = engine.service("apigateway_v1")
        self._integrations = Integrations(functions, ServiceCalls(endpoint))
        self._deployments = Deployments()
        self._firewall = Firewall()
        self._cache = ResponseCache()

    def install(self) -> None:
        gateway, app = self._engine, engine.app()
        self._deployments.install()
        gateway_cache_cluster.install(self._cache)
        firewall.install()
        enforce = app._enforce_execute_api

        def enforce_later(api_id: str, stage: str, *request: Any, iam_action: str = "execute-api:Invoke") -> Any:
            """The web ACL comes before IAM, and a denial of IAM is a gateway response."""
            with self._deployments.serving(api_id, gateway.stages_for_api(api_id).get(stage)):
                denied = enforce(api_id, stage, *request, iam_action=iam_action)
            if gateway.find_api_scope(api_id) is None:
                return denied
            _denied.set(denied)
            return None

        def authentication_error(api_id: str, _stage: str, error: Any, *_request: Any) -> Any:
            kinds = gateway._AUTHENTICATION_GATEWAY_ERRORS
            response_type, kind = kinds.get(error.code, ("DEFAULT_4XX", "UnrecognizedClientException"))
            known = gateway.find_api_scope(api_id) is not None
            return gateway_error(response_type, error.message, kind=kind) if known else None

        app._enforce_execute_api = enforce_later
        gateway.authentication_error_response = authentication_error
        gateway._handle_execute_in_scope = self._execute
        gateway._invoke_lambda_proxy_v1 = self._invoke_proxy
        gateway._invoke_lambda_custom_v1 = self._invoke_function

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
        request = GatewayRequest(api_id, stage_name, method, path, headers, routing, body, query)
        routing["request_id"] = request.request_id
        current.set(request)
        if stage is None:
            return _with_ids(_NO_STAGE, request)
        with self._deployments.serving(api_id, stage):
            try:
                response = await self._serve(request, account, region)
            except RefusedError as refusal:
                response = gateway_responses.render(refusal.error, routing)
            except Exception:
                logger.exception("%s %s of %s failed", method, path, api_id)
                response = gateway_responses.render(gateway_error("DEFAULT_5XX", gateway_responses.INTERNAL), routing)
        gateway_logs.record_metrics(request, response[0])
        if gateway_logs.log_access(request, response[0], len(response[2])):
            self._changed()
        return _with_ids(response, request)

    async def _serve(self, request: GatewayRequest, account: str, region: str) -> Response:
        """The checks in AWS's order, then the cache or the integration."""
        filtered = self._filtered(request)
        if filtered is not None:
            return filtered
        if len(request.body) > BODY_LIMIT_BYTES:
            raise refused("REQUEST_TOO_LARGE", "Request Too Long")
        method, resource = self._route(request)
        await self._authorize(request, method, resource, account, region)
        self._check_limits(request, method)
        let_through(self._invalid(request, method))
        integration = method.get("methodIntegration")
        if not integration:
            raise refused("API_CONFIGURATION_ERROR", gateway_responses.INTERNAL)
        lookup = self._cache.look_up(request, integration)
        response = lookup.found if lookup else None
        if response is None:
            response = await self._integrations.answer(request, integration)
            if lookup:
                self._cache.keep(lookup, response)
        if lookup and lookup.warning:
            response = (response[0], {**response[1], "Warning": lookup.warning}, response[2])
        return response

    def _filtered(self, request: GatewayRequest) -> Response | None:
        """What the stage's web ACL answers in place of the API, None when it lets the request in."""
        path = f"/{request.stage_name}{request.path}"
        seen = WebRequest(request.source_ip, request.method, path, request.query, request.headers, request.body)
        verdict = self._firewall.check(request.api_id, request.stage_name, seen)
        if verdict is None or not verdict.blocked:
            return None
        if verdict.custom is None:
            raise refused("WAF_FILTERED", "Forbidden", kind="ForbiddenException")
        return verdict.custom

    def _route(self, request: GatewayRequest) -> tuple[dict[str, Any], dict[str, Any]]:
        """The method and the resource that serve a request: by path, else the nearest greedy path variable."""
        segments = [part for part in request.path.strip("/").split("/") if part]
        resource, parameters = self._engine._match_resource_tree(request.api_id, segments)
        methods = (resource or {}).get("resourceMethods", {})
        if resource and not (methods.get(request.method) or methods.get("ANY")):
            resource, parameters = self._engine._match_greedy_fallback(request.api_id, segments, request.method)
            methods = (resource or {}).get("resourceMethods", {})
        method = methods.get(request.method) or methods.get("ANY")
        if not resource or not method:
            raise refused("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
        request.routing |= {"resource_path": resource["path"], "path_params": parameters or {}}
        request.resource_id = resource["id"]
        return method, resource

    async def _authorize(
        self, request: GatewayRequest, method: dict[str, Any], resource: dict[str, Any], account: str, region: str
    ) -> None:
        gateway = self._engine
        denied = _denied.get()
        if isinstance(denied, gateway._GatewayError):
            raise RefusedError(denied)
        if denied is not None:
            raise refused("ACCESS_DENIED", _denial_text(denied[2]))
        error, request.authorizer = await gateway._authorize_request_v1(
            request.api_id,
            request.stage_name,
            method,
            request.method,
            request.path,
            resource,
            request.headers,
            request.body,
            request.query,
            request.path_params,
            request.stage,
            account,
            region,
        )
        let_through(error)
        if method.get("authorizationType") == "AWS_IAM":
            request.caller = gateway._iam_caller_identity(request.headers, request.query)

    def _check_limits(self, request: GatewayRequest, method: dict[str, Any]) -> None:
        """The API key, then the rates of its usage plan and of the stage, then its quota."""
        gateway, api_id, stage_name = self._engine, request.api_id, request.stage_name
        error, request.api_key = gateway._check_api_key(method, api_id, stage_name, request.headers)
        let_through(error)
        key = request.api_key or gateway._resolve_api_key(request.headers.get("x-api-key", ""))
        place = (request.stage, api_id, stage_name, request.resource_path, request.method)
        let_through(gateway._check_throttle(*place, key))
        let_through(gateway._check_quota(request.api_key, api_id, stage_name))

    def _invalid(self, request: GatewayRequest, method: dict[str, Any]) -> Any:
        """The method's request validator: required parameters first, then the body against its model."""
        gateway = self._engine
        validators = gateway._request_validators.get(request.api_id, {})
        validator = validators.get(method.get("requestValidatorId")) or {}
        if validator.get("validateRequestParameters"):
            missing = gateway._missing_request_parameters(method, request.routing, request.headers, request.query)
            if missing:
                text = "Missing required request parameters: [" + ", ".join(missing) + "]"
                return gateway_error("BAD_REQUEST_PARAMETERS", text)
        models = method.get("requestModels") or {}
        content_type = request.headers.get("content-type", "application/json").split(";")[0].strip()
        model = models.get(content_type) or models.get("application/json")
        if not validator.get("validateRequestBody") or not model:
            return None
        schema = (gateway._models.get(request.api_id, {}).get(model) or {}).get("schema") or "{}"
        messages = gateway_validation.errors(schema, request.body or b"null")
        if not messages:
            return None
        request.error = {"validationErrorString": gateway_validation.error_string(messages)}
        return gateway_error("BAD_REQUEST_BODY", "Invalid request body")

    async def _invoke_proxy(self, integration: dict[str, Any]) -> Response:
        request = current.get()
        api = self._engine._rest_apis.get(request.api_id)
        return await self._functions.proxy(request, integration, api.get("binaryMediaTypes") or [])

    async def _invoke_function(self, integration: dict[str, Any], backend: BackendRequest) -> BackendAnswer:
        return await self._functions.call(current.get(), integration, backend)


def _with_ids(response: Response, request: GatewayRequest) -> Response:
    status, headers, body = response
    ids = {"x-amzn-requestid": request.request_id, "x-amz-apigw-id": request.extended_request_id}
    return status, {**headers, **ids}, body


def _denial_text(body: bytes) -> str:
    """The message of an IAM denial."""
    found = json.loads(body)
    return str(found.get("message") or found.get("Message") or "User is not authorized to access this resource")
