"""One REST API request on its way through the gateway: its ids, its $context variables, its event for Lambda."""

from __future__ import annotations

import base64
import json
import os
import re
import time
import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from scripts.local.settings import ACCOUNT_ID

_VARIABLE = re.compile(r"\$(?:\{context\.([\w.]+)\}|context\.([A-Za-z]\w*(?:\.[A-Za-z]\w*)*))")
_NO_IDENTITY = (
    "cognitoIdentityPoolId",
    "accountId",
    "cognitoIdentityId",
    "caller",
    "principalOrgId",
    "accessKey",
    "cognitoAuthenticationType",
    "cognitoAuthenticationProvider",
    "userArn",
    "user",
)


@dataclass(slots=True)
class GatewayRequest:
    """What is known of a request; routing fills in the fields of `routing` (ministack's request record)."""

    api_id: str
    stage_name: str
    method: str
    path: str
    headers: dict[str, str]
    routing: dict[str, Any]
    started: float = field(default_factory=time.time)
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    extended_request_id: str = field(default_factory=lambda: base64.b64encode(os.urandom(11)).decode())
    api_key: dict[str, Any] | None = None
    resource_id: str = ""
    error: dict[str, str] = field(default_factory=dict)
    integration: dict[str, str] = field(default_factory=dict)

    @property
    def source_ip(self) -> str:
        return self.headers.get("x-forwarded-for", "127.0.0.1").split(",")[0].strip()

    @property
    def trace(self) -> str:
        return self.headers.get("x-amzn-trace-id", "")

    def request_context(self) -> dict[str, Any]:
        """`requestContext` of a Lambda proxy event."""
        identity: dict[str, Any] = dict.fromkeys(_NO_IDENTITY)
        identity |= {"sourceIp": self.source_ip, "userAgent": self.headers.get("user-agent")}
        if self.api_key:
            identity |= {"apiKey": self.api_key["value"], "apiKeyId": self.api_key["id"]}
        host = self.headers.get("host", "")
        return {
            "accountId": ACCOUNT_ID,
            "apiId": self.api_id,
            "deploymentId": (self.routing.get("stage") or {}).get("deploymentId", ""),
            "domainName": host,
            "domainPrefix": host.split(".")[0].split(":")[0],
            "extendedRequestId": self.extended_request_id,
            "httpMethod": self.method,
            "identity": identity,
            "path": f"/{self.stage_name}{self.path}",
            "protocol": "HTTP/1.1",
            "requestId": self.request_id,
            "requestTime": datetime.fromtimestamp(self.started, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": int(self.started * 1000),
            "resourceId": self.resource_id,
            "resourcePath": self.routing.get("resource_path", ""),
            "stage": self.stage_name,
        }

    def variables(self) -> dict[str, str]:
        """$context variables for gateway responses and access logs, without the leading "context."."""
        found = _flat({key: value for key, value in self.request_context().items() if key != "identity"})
        if self.api_key:
            found |= {"identity.apiKeyId": self.api_key["id"]}
        found |= {"identity.sourceIp": self.source_ip, "identity.userAgent": self.headers.get("user-agent", "")}
        found |= {f"error.{name}": text for name, text in self.error.items()}
        found |= {f"integration.{name}": text for name, text in self.integration.items()}
        if "latency" in self.integration:
            found |= {"integrationLatency": self.integration["latency"]}
        return found


current: ContextVar[GatewayRequest] = ContextVar("gateway_request")
"""The request that this task is working on."""


def render(template: str, variables: dict[str, str], missing: str) -> str:
    """Replace $context.x and ${context.x} in a template."""
    return _VARIABLE.sub(lambda match: variables.get(match.group(1) or match.group(2), missing), template)


def json_text(text: str) -> str:
    """Text as it stands between the quotes of a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def proxy_event(
    request: GatewayRequest,
    body: bytes,
    query: dict[str, list[str]],
    *,
    binary: bool,
    authorizer: dict[str, Any] | None,
) -> dict[str, Any]:
    """The event of a Lambda proxy integration."""
    headers = {
        **request.headers,
        "X-Forwarded-For": request.source_ip,
        "X-Forwarded-Proto": "http",
    }
    headers = {name: value for name, value in headers.items() if name not in ("x-forwarded-for", "x-forwarded-proto")}
    context = request.request_context()
    if authorizer is not None:
        context["authorizer"] = authorizer
    text = base64.b64encode(body).decode() if binary else body.decode("utf-8", errors="replace")
    return {
        "resource": request.routing["resource_path"],
        "path": request.path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": request.routing["path_params"] or None,
        "stageVariables": (request.routing["stage"].get("variables") or None),
        "requestContext": context,
        "body": text if body else None,
        "isBase64Encoded": bool(body) and binary,
    }


def _flat(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}
