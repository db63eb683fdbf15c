"""What the component tests of all services share: a Lambda context, and a partner's calls through API Gateway."""

import json
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

TERRAFORM = Path(__file__).parents[2] / "terraform"


class Context(LambdaContext):
    """What Lambda tells a handler about the invocation; ``remaining`` milliseconds are left."""

    _function_name = "function"
    _aws_request_id = "00000000-0000-0000-0000-00000000c0de"

    def __init__(self, remaining: int = 30_000) -> None:
        self.remaining = remaining

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]
        return self.remaining


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer as API Gateway would pass it on."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def problem(self) -> tuple[int, str]:
        """Status and slug, after checking that the answer is a whole problem."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.json["status"] == self.status
        assert self.json["title"]
        assert self.json["detail"]
        assert self.json["request_id"] == "gateway-request"
        return self.status, self.json["type"].removeprefix("urn:tradepost:problem:")

    @property
    def flawed(self) -> list[str]:
        """The pointers, parameters and headers that the problem names."""
        return [value for flaw in self.json["errors"] for place, value in flaw.items() if place != "detail"]


type Call = Callable[..., Reply]


def event(method: str, path: str, routes: Iterable[str], **parts: Any) -> dict[str, Any]:
    """A REST proxy event of a partner's call, as the gateway with these routes makes it; ``parts`` are laid over it."""
    resource, path_parameters = _matched(path, routes)
    return {
        "httpMethod": method,
        "path": path,
        "resource": resource,
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": None,
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": path_parameters,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {
            "requestId": "gateway-request",
            "stage": "live",
            "path": f"/live{path}",
            "httpMethod": method,
            "identity": {"apiKeyId": "partner-1"},
        },
    } | parts


def sender(handler: ModuleType) -> Call:
    """Send requests to a handler module; ``raw`` is the body's text as it is, ``body`` a value for it."""

    def send(
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        partner: str | None = "partner-1",
        query: dict[str, str | list[str]] | None = None,
        headers: dict[str, str] | None = None,
        raw: str | None = None,
        base64: bool = False,
    ) -> Reply:
        request = event(method, path, handler.app.actions, body=raw if raw is not None else body and json.dumps(body))
        request["isBase64Encoded"] = base64
        request["requestContext"]["identity"]["apiKeyId"] = partner
        request["headers"] |= (headers or {}) | ({"Idempotency-Key": key} if key is not None else {})
        if query is not None:
            lists = {name: [value] if isinstance(value, str) else value for name, value in query.items()}
            request["multiValueQueryStringParameters"] = lists
            request["queryStringParameters"] = {name: values[-1] for name, values in lists.items()}
        reply = handler.handler(request, Context())
        json.dumps(reply)
        return Reply(
            reply["statusCode"],
            {name: values[0] for name, values in reply["multiValueHeaders"].items()},
            reply["body"],
        )

    return send


def routes_at_the_gateway(service: str) -> set[str]:
    """The routes in a service's Terraform, written as the handler writes them."""
    text = (TERRAFORM / "services" / service / "routes.tf").read_text()
    found = set(re.findall(r'^    "([A-Z]+ /[^"]*)" = \{$', text, re.MULTILINE))
    assert found
    return found


def log_to_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the log go to what is the standard output at each moment; the logger keeps the one it was made with."""
    from shared import observability

    monkeypatch.setattr(observability.logger.registered_handler, "stream", _CurrentStdout())


class _CurrentStdout:
    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


def _matched(path: str, routes: Iterable[str]) -> tuple[str, dict[str, str] | None]:
    """The resource that API Gateway finds for a path, and the path's parameters: written parts go before parameters."""
    resources = sorted({route.partition(" ")[2] for route in routes}, key=lambda resource: resource.count("{"))
    for resource in resources:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", resource)
        if found := re.fullmatch(pattern, path):
            return resource, {name: unquote(value) for name, value in found.groupdict().items()} or None
    return path, None
