"""Parameter mapping: where integrations and responses take headers, query strings and paths from."""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

from scripts.local.gateway.mapping_templates import Variables
from scripts.local.gateway.mapping_values import at_path, parse_body, to_json
from scripts.local.gateway.request import GatewayRequest

_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")


@dataclass(frozen=True, slots=True)
class BackendAnswer:
    """What an integration's backend answered. `outcome` is what selection patterns are matched against.

    It is the HTTP status, or for Lambda the error message; None when the function succeeded. Header names are in
    lower case.
    """

    body: str
    outcome: str | None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BackendRequest:
    """What an integration sends, before its URI says where."""

    path: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: str


def with_stage_variables(text: str, request: GatewayRequest) -> str:
    """Replace ${stageVariables.name}; one that the stage does not have is empty."""
    return _STAGE_VARIABLE.sub(lambda match: request.stage_variables.get(match.group(1), ""), text)


def template_variables(request: GatewayRequest) -> Variables:
    params = {
        "path": request.path_params,
        "querystring": {name: values[-1] for name, values in request.query.items()},
        "header": request.headers,
    }
    return Variables(params, request.context(), request.stage_variables)


def request_value(source: str, request: GatewayRequest) -> str | None:
    """The value of a mapping expression such as method.request.querystring.q, context.requestId or 'text'."""
    if len(source) >= 2 and source[0] == source[-1] == "'":
        return source[1:-1]
    if source.startswith("method.request."):
        place, _, name = source.removeprefix("method.request.").partition(".")
        return _part_of_request(place, name, request)
    if source.startswith("stageVariables."):
        return request.stage_variables.get(source.removeprefix("stageVariables."))
    if source.startswith("context."):
        return request.variables().get(source.removeprefix("context."))
    return None


def _part_of_request(place: str, name: str, request: GatewayRequest) -> str | None:
    if place in ("header", "multivalueheader"):
        return request.headers.get(name.lower())
    if place == "path":
        return request.path_params.get(name)
    if place in ("querystring", "multivaluequerystring"):
        values = request.query.get(name)
        return (",".join(values) if place.startswith("multi") else values[-1]) if values else None
    return _part_of_body(request.body.decode(errors="replace"), name) if place == "body" else None


def _part_of_body(body: str, path: str) -> str | None:
    if not path:
        return body
    value = at_path(parse_body(body), f"$.{path}")
    return value if isinstance(value, str) or value is None else to_json(value)


def response_value(source: str, request: GatewayRequest, answer: BackendAnswer) -> str | None:
    """The value of a mapping expression of an integration response."""
    if not source.startswith("integration.response."):
        return request_value(source, request)
    place, _, name = source.removeprefix("integration.response.").partition(".")
    if place in ("header", "multivalueheader"):
        return answer.headers.get(name.lower())
    return _part_of_body(answer.body, name) if place == "body" else None


def mapped_parameters(integration: dict[str, Any], request: GatewayRequest, body: str) -> BackendRequest:
    """The path, query and header parameters of the integration request; those without a value are left out."""
    places: dict[str, dict[str, str]] = {"path": {}, "querystring": {}, "header": {}}
    for target, source in (integration.get("requestParameters") or {}).items():
        place, _, name = target.removeprefix("integration.request.").partition(".")
        value = request_value(source, request)
        if value is not None and place in places:
            places[place][name] = value
    return BackendRequest(places["path"], places["querystring"], places["header"], body)


def fill_path(uri: str, path: dict[str, str]) -> str:
    """Replace {name} in an integration's URI by the path parameters."""
    return re.sub(r"\{(\w+)\+?\}", lambda match: urllib.parse.quote(path.get(match.group(1), match.group(0))), uri)


def matching_template(templates: dict[str, str], media_types: list[str]) -> tuple[str, str] | None:
    """(content type, template) of the first media type that has one."""
    by_type = {name.split(";")[0].strip().lower(): (name, text) for name, text in templates.items()}
    return next((by_type[media_type] for media_type in media_types if media_type in by_type), None)


def media_types(header: str | None, default: str = "application/json") -> list[str]:
    """The media types of a Content-Type or Accept header, in their order and without parameters."""
    found = [part.split(";")[0].strip().lower() for part in (header or "").split(",")]
    return [part for part in found if part] or [default]


def selected_response(integration: dict[str, Any], outcome: str | None) -> dict[str, Any] | None:
    """The integration response whose selection pattern matches the whole outcome, else the default, else None."""
    responses = list((integration.get("integrationResponses") or {}).values())
    for response in responses:
        pattern = response.get("selectionPattern")
        if pattern and outcome is not None and re.fullmatch(pattern, outcome):
            return dict(response)
    return next((dict(response) for response in responses if not response.get("selectionPattern")), None)
