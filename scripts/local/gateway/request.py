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
from scripts.local.xray.header import TraceHeader

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
    body: bytes = b""
    query: dict[str, list[str]] = field(default_factory=dict)
    started: float = field(default_factory=time.time)
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    extended_request_id: str = field(default_factory=lambda: base64.b64encode(os.urandom(11)).decode())
    api_key: dict[str, Any] | None = None
    resource_id: str = ""
    error: dict[str, str] = field(default_factory=dict)
    integration: dict[str, str] = field(default_factory=dict)
    authorizer: dict[str, Any] | None = None
    caller: dict[str, Any] | None = None
    cache_hit: bool | None = None

    @property
    def stage(self) -> dict[str, Any]:
        return self.routing["stage"] or {}

    @property
    def resource_path(self) -> str:
        return str(self.routing["resource_path"])

    @property
    def path_params(self) -> dict[str, str]:
        return dict(self.routing["path_params"])

    @property
    def stage_variables(self) -> dict[str, str]:
        return self.stage.get("variables") or {}

    @property
    def source_ip(self) -> str:
        return self.headers.get("x-forwarded-for", "127.0.0.1").split(",")[0].strip()

    @property
    def trace(self) -> str:
        return self.headers.get("x-amzn-trace-id", "")

    @property
    def trace_id(self) -> str:
        """The trace's id; every request has one, traced or not."""
        return TraceHeader.parse(self.trace).root if self.trace else ""

    def request_context(self) -> dict[str, Any]:
        """`requestContext` of a Lambda proxy event."""
        identity: dict[str, Any] = dict.fromkeys(_NO_IDENTITY)
        identity |= {**(self.caller or {}), "sourceIp": self.source_ip, "userAgent": self.headers.get("user-agent")}
        if self.api_key:
            identity |= {"apiKey": self.api_key["value"], "apiKeyId": self.api_key["id"]}
        host = self.headers.get("host", "")
        authorizer = {} if self.authorizer is None else {"authorizer": self.authorizer}
        return authorizer | {
            "accountId": ACCOUNT_ID,
            "apiId": self.api_id,
            "deploymentId": self.stage.get("deploymentId", ""),
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
            "resourcePath": self.resource_path,
            "stage": self.stage_name,
        }

    def context(self) -> dict[str, Any]:
        """$context as mapping templates see it; `error` and `integration` are there once they are known."""
        parts = ("error", self.error), ("integration", self.integration), ("xrayTraceId", self.trace_id)
        return self.request_context() | {name: value for name, value in parts if value}

    def variables(self) -> dict[str, str]:
        """$context variables for gateway responses and access logs, by their names without "context."."""
        found = _flat(self.context())
        if "latency" in self.integration:
            found["integrationLatency"] = found["integration.integrationLatency"] = self.integration["latency"]
        return found


current: ContextVar[GatewayRequest] = ContextVar("gateway_request")
"""The request that this task is working on."""


def render(template: str, variables: dict[str, str], missing: str) -> str:
    """Replace $context.x and ${context.x} in a template."""
    return _VARIABLE.sub(lambda match: variables.get(match.group(1) or match.group(2), missing), template)


def json_text(text: str) -> str:
    """Text as it stands between the quotes of a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def proxy_event(request: GatewayRequest, *, binary: bool) -> dict[str, Any]:
    """The event of a Lambda proxy integration."""
    headers = {
        **request.headers,
        "X-Forwarded-For": request.source_ip,
        "X-Forwarded-Proto": "http",
    }
    headers = {name: value for name, value in headers.items() if name not in ("x-forwarded-for", "x-forwarded-proto")}
    body = request.body
    text = base64.b64encode(body).decode() if binary else body.decode("utf-8", errors="replace")
    return {
        "resource": request.resource_path,
        "path": request.path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in request.query.items()} or None,
        "multiValueQueryStringParameters": request.query or None,
        "pathParameters": request.path_params or None,
        "stageVariables": request.stage_variables or None,
        "requestContext": request.request_context(),
        "body": text if body else None,
        "isBase64Encoded": bool(body) and binary,
    }


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested values by their dotted names; what is null is not there."""
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        elif value is not None:
            found[prefix + name] = str(value)
    return found
