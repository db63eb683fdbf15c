"""Integrations of REST APIs: proxy, AWS services and MOCK, with templates, parameters and selection patterns."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import HTTPClientError

from scripts.local import engine
from scripts.local.gateway.functions import PRINCIPAL, FunctionIntegrations
from scripts.local.gateway.mapping import (
    BackendAnswer,
    BackendRequest,
    mapped_parameters,
    matching_template,
    media_types,
    response_value,
    selected_response,
    template_variables,
    with_stage_variables,
)
from scripts.local.gateway.mapping_templates import Rendered, TemplateError, render
from scripts.local.gateway.request import GatewayRequest
from scripts.local.gateway.responses import INTERNAL, RefusedError, Response, refused
from scripts.local.gateway.services import IntegrationUriError, ServiceCalls
from scripts.local.gateway.timing import timed
from scripts.local.targets import service_roles

_SESSION = "BackplaneAssumeRoleSession"


class Integrations:
    """Answers a request that was let in, through the method's integration. Raises RefusedError."""

    def __init__(self, functions: FunctionIntegrations, services: ServiceCalls) -> None:
        self._functions = functions
        self._services = services
        self._engine = engine.service("apigateway_v1")

    async def answer(self, request: GatewayRequest, integration: dict[str, Any]) -> Response:
        integration = {**integration, "uri": with_stage_variables(integration.get("uri") or "", request)}
        kind = integration.get("type")
        if kind == "AWS_PROXY":
            return await self._as_response(self._engine._invoke_lambda_proxy_v1(integration))
        if kind in ("HTTP", "HTTP_PROXY"):
            forwarded = (request.path, request.method, request.headers, request.body, request.query)
            return await self._as_response(
                self._engine._invoke_http_proxy_v1(integration, *forwarded, request.path_params)
            )
        try:
            return await self._mapped(request, integration)
        except TemplateError as error:
            raise refused("API_CONFIGURATION_ERROR", INTERNAL) from error

    async def _as_response(self, answer: Any) -> Response:
        found = await answer
        if isinstance(found, self._engine._GatewayError):
            raise RefusedError(found)
        status, headers, body = found
        return int(status), headers, body

    async def _mapped(self, request: GatewayRequest, integration: dict[str, Any]) -> Response:
        backend = _request_of(request, integration)
        if integration.get("type") == "MOCK":
            answer = _mock_answer(backend.body)
        elif ":lambda:path/" in integration["uri"]:
            answer = await self._engine._invoke_lambda_custom_v1(integration, backend)
        else:
            answer = await self._service(request, integration, backend)
        request.integration["status"] = str(answer.status)
        response = selected_response(integration, answer.outcome)
        if response is None:
            raise refused("API_CONFIGURATION_ERROR", INTERNAL)
        return _response_of(request, response, answer)

    async def _service(
        self, request: GatewayRequest, integration: dict[str, Any], backend: BackendRequest
    ) -> BackendAnswer:
        role = integration.get("credentials")
        if role and not service_roles.trusts(role, PRINCIPAL):
            raise refused("API_CONFIGURATION_ERROR", INTERNAL)
        session = service_roles.credentials(role, _SESSION) if role else None
        method = str(integration.get("httpMethod") or "POST")
        work = (self._services.call, integration["uri"], method, backend, session)
        try:
            answer: BackendAnswer = await timed(request, integration, *work)
        except IntegrationUriError as error:
            raise refused("API_CONFIGURATION_ERROR", INTERNAL) from error
        except HTTPClientError as error:
            raise refused("INTEGRATION_FAILURE", INTERNAL) from error
        return answer


def _request_of(request: GatewayRequest, integration: dict[str, Any]) -> BackendRequest:
    """The integration request: the body by its content type's template or as it is, and the mapped parameters."""
    body = request.body.decode("utf-8", errors="replace")
    templates = integration.get("requestTemplates") or {}
    found = matching_template(templates, media_types(request.headers.get("content-type")))
    behavior = integration.get("passthroughBehavior") or "WHEN_NO_MATCH"
    if found is None and (behavior == "NEVER" or (behavior == "WHEN_NO_TEMPLATES" and templates)):
        raise refused("UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type")
    rendered = render(found[1], body, template_variables(request)) if found else Rendered(body)
    mapped = mapped_parameters(integration, request, rendered.text)
    return BackendRequest(
        mapped.path | rendered.path, mapped.query | rendered.query, mapped.headers | rendered.headers, mapped.body
    )


def _mock_answer(body: str) -> BackendAnswer:
    """A MOCK integration answers the statusCode that its request template renders."""
    try:
        status = int(json.loads(body)["statusCode"])
    except (ValueError, KeyError, TypeError) as error:
        raise refused("API_CONFIGURATION_ERROR", INTERNAL) from error
    return BackendAnswer("", str(status), status)


def _response_of(request: GatewayRequest, response: dict[str, Any], answer: BackendAnswer) -> Response:
    """The method response that an integration response makes of the backend's answer."""
    headers: dict[str, Any] = {"Content-Type": "application/json"}
    found = matching_template(response.get("responseTemplates") or {}, _accepted(request, response))
    rendered = Rendered(answer.body)
    if found:
        headers["Content-Type"] = found[0]
        rendered = render(found[1], answer.body, template_variables(request))
    for target, source in (response.get("responseParameters") or {}).items():
        value = response_value(source, request, answer)
        if value is not None:
            _set(headers, target.removeprefix("method.response.header."), value)
    for name, value in rendered.headers.items():
        _set(headers, name, value)
    return rendered.status or int(response["statusCode"]), headers, rendered.text.encode()


def _accepted(request: GatewayRequest, response: dict[str, Any]) -> list[str]:
    """The media types that the client accepts, then JSON, then whatever there is a template for."""
    templates = [name.split(";")[0].strip().lower() for name in response.get("responseTemplates") or {}]
    return [*media_types(request.headers.get("accept")), "application/json", *templates]


def _set(headers: dict[str, Any], name: str, value: str) -> None:
    for known in [known for known in headers if known.lower() == name.lower()]:
        del headers[known]
    headers[name] = value
