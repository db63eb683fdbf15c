"""AWS integrations that call a service's API: the URI and parameters become a signed request of that service."""

from __future__ import annotations

import json
import urllib.parse
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from scripts.local.functions.functions import inbound_trace
from scripts.local.gateway.mapping import BackendAnswer, BackendRequest, fill_path
from scripts.local.settings import REGION

_JSON_TARGETS = {
    "dynamodb": ("DynamoDB_20120810", "1.0"),
    "events": ("AWSEvents", "1.1"),
    "kinesis": ("Kinesis_20131202", "1.1"),
    "states": ("AWSStepFunctions", "1.0"),
}
_FORM = "application/x-www-form-urlencoded"
_QUERY_VERSIONS = {"sns": "2010-03-31", "sqs": "2012-11-05"}


class IntegrationUriError(Exception):
    """The URI of an integration is not one of a service call."""


@dataclass(frozen=True, slots=True)
class ServiceUri:
    """arn:aws:apigateway:<region>:<service>:<path or action>/<rest>."""

    service: str
    kind: str
    rest: str


def parse_uri(uri: str) -> ServiceUri:
    parts = uri.split(":", 5)
    kind, slash, rest = parts[-1].partition("/")
    if len(parts) != 6 or parts[:3] != ["arn", "aws", "apigateway"] or kind not in ("path", "action") or not slash:
        raise IntegrationUriError(f"{uri} is not arn:aws:apigateway:<region>:<service>:path|action/<...>")
    return ServiceUri(parts[4].rpartition(".")[2], kind, rest)


class ServiceCalls:
    """Calls services of the local cloud over HTTP, so that the integration's role is checked as any caller is."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._session = URLLib3Session(timeout=60, max_pool_connections=32)

    def call(self, uri: str, method: str, request: BackendRequest, credentials: Credentials | None) -> BackendAnswer:
        """Make the call and wait. Without credentials it is unsigned, which services refuse."""
        target = parse_uri(fill_path(uri, request.path))
        prepared = AWSRequest(method, *_url_headers_body(self._endpoint, target, request))
        if credentials:
            SigV4Auth(credentials, target.service, REGION).add_auth(prepared)
        if inbound_trace.get():
            prepared.headers["X-Amzn-Trace-Id"] = inbound_trace.get()
        response = self._session.send(prepared.prepare())
        headers = {name.lower(): value for name, value in response.headers.items()}
        body = response.content.decode("utf-8", errors="replace")
        if target.service in _QUERY_VERSIONS and "xml" in headers.get("content-type", ""):
            body = json.dumps(_from_xml(ET.fromstring(body)))  # noqa: S314  our own local cloud's answer
            headers["content-type"] = "application/json"
        return BackendAnswer(body, str(response.status_code), response.status_code, headers)


def _url_headers_body(endpoint: str, target: ServiceUri, request: BackendRequest) -> tuple[str, dict[str, str], bytes]:
    """The URL, headers and body of a call; an action is called in its service's protocol."""
    url, headers, query, body = f"{endpoint}/", dict(request.headers), dict(request.query), request.body
    if target.kind == "path":
        url += target.rest.lstrip("/")
    elif target.service in _JSON_TARGETS:
        prefix, version = _JSON_TARGETS[target.service]
        headers = {"Content-Type": f"application/x-amz-json-{version}"} | headers
        headers["X-Amz-Target"] = f"{prefix}.{target.rest}"
    elif target.service in _QUERY_VERSIONS:
        form = {"Version": _QUERY_VERSIONS[target.service], **query, "Action": target.rest}
        url, query = form.pop("QueueUrl", url), {}
        is_form = headers.get("Content-Type") == _FORM
        headers["Content-Type"] = _FORM
        body = "&".join([urllib.parse.urlencode(form), *([body] if is_form else [])])
    if query:
        url += "?" + urllib.parse.urlencode(query)
    headers.setdefault("Content-Type", "application/json")
    return url, headers, body.encode()


def _from_xml(root: ET.Element) -> dict[str, Any]:
    """An answer of the Query protocol as the services write it in JSON."""
    value = _value(root)
    return dict(value) if _name(root) == "ErrorResponse" else {_name(root): value}


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _value(element: ET.Element) -> Any:
    children = list(element)
    if not children:
        return element.text or ""
    names = [_name(child) for child in children]
    if set(names) == {"member"}:
        return [_value(child) for child in children]
    return dict(zip(names, map(_value, children), strict=True))
