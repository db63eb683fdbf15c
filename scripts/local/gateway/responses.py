"""Gateway responses: what a client gets when API Gateway itself answers."""

from __future__ import annotations

import json
from typing import Any

from scripts.local import engine
from scripts.local.gateway import request as gateway_request
from scripts.local.gateway.request import GatewayRequest, current

Response = tuple[int, dict[str, Any], bytes]
INTERNAL = "Internal server error"
_DEFAULT_STATUS = {"DEFAULT_4XX": 403, "DEFAULT_5XX": 500}


class RefusedError(Exception):
    """The gateway answers in place of the integration; `error` is ministack's record of it."""

    def __init__(self, error: Any) -> None:
        super().__init__(error.response_type)
        self.error = error


def gateway_error(response_type: str, message: str, status: int | None = None, kind: str | None = None) -> Any:
    """A gateway response to give. `status` overrides the default of its type, `kind` its x-amzn-ErrorType."""
    error = engine.service("apigateway_v1")._GatewayError(response_type, message, kind)
    error.status = status
    return error


def refused(response_type: str, message: str, status: int | None = None, kind: str | None = None) -> RefusedError:
    return RefusedError(gateway_error(response_type, message, status, kind))


def let_through(error: Any) -> None:
    """Raise RefusedError if one of ministack's checks found an error."""
    if error is not None:
        raise RefusedError(error)


def render(error: Any, routing: dict[str, Any]) -> Response:
    """The API's own gateway response for the type, else its DEFAULT_4XX or _5XX, else AWS's default."""
    gateway = engine.service("apigateway_v1")
    request = current.get(None) or GatewayRequest(
        routing["api_id"], routing["stage_name"], "", "", routing["headers"], routing
    )
    customized = gateway._deployed_gateway_responses.get(request.api_id, {}).get(
        routing["stage"].get("deploymentId")
    ) or gateway._gateway_responses.get(request.api_id, {})
    found = gateway._gateway_response_for_type(customized, error.response_type)
    default = '{"message":$context.error.messageString}'
    template = (found.get("responseTemplates") or {}).get("application/json", default)
    if error.response_type == "ACCESS_DENIED" and not customized.keys() & {"ACCESS_DENIED", "DEFAULT_4XX"}:
        template = default.replace("message", "Message", 1)
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
    status = found.get("statusCode") or getattr(error, "status", None) or _DEFAULT_STATUS[_family(found)]
    text = gateway_request.render(template, in_json(request.variables()), "")
    return int(status), headers, text.encode()


def in_json(variables: dict[str, str]) -> dict[str, str]:
    """Variables as they stand in a JSON text; messageString brings its own quotes."""
    return {
        name: value if name == "error.messageString" else gateway_request.json_text(value)
        for name, value in variables.items()
    }


def _family(response: dict[str, Any]) -> str:
    return "DEFAULT_4XX" if str(response.get("responseType")) == "DEFAULT_4XX" else "DEFAULT_5XX"
