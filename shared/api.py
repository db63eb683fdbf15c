"""REST handlers: Powertools' resolver with the platform's requests, answers and problems.

Importing pulls in Powertools' event handler (asyncio, its data classes; no pydantic, no botocore code).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from shared import json_body, observability
from shared.paging import InvalidTokenError, decode
from shared.problems import ProblemError, flawed_header, flawed_parameter, render, shown

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
DEFAULT_LIMIT = 20
MAX_LIMIT = 100

type Answer = Response[str]


@dataclass(frozen=True, slots=True)
class Request:
    """A request through API Gateway (REST proxy event). Header names are in lower case."""

    headers: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: str | None
    is_base64: bool
    partner_id: str | None
    correlation_id: str

    def json(self) -> Any:
        """The body's JSON value; raises ProblemError for anything else."""
        media_type = self.headers.get("content-type", JSON).partition(";")[0].strip().lower()
        if media_type != JSON:
            raise ProblemError("unsupported_media_type", f"send Content-Type: {JSON}, not {shown(media_type)}")
        return json_body.parse(self.body, is_base64=self.is_base64)

    def partner(self) -> str:
        """The id (never the key) of the API key that API Gateway has checked."""
        if not self.partner_id:
            raise ProblemError("invalid_api_key", "send the API key of a partner in the x-api-key header")
        return self.partner_id

    def header(self, name: str, advice: str) -> str:
        """A header that must be there."""
        value = self.headers.get(name.lower())
        if not value:
            raise flawed_header(name, f"is required; {advice}")
        return value

    def parameters(self, allowed: Iterable[str]) -> dict[str, str]:
        """The query parameters; each must be allowed, have a value and stand once."""
        known = tuple(allowed)
        for name, values in self.query.items():
            if name not in known:
                listed = ", ".join(known) if known else "none"
                raise flawed_parameter(shown(name)[1:-1], f"is not a parameter of this route; allowed: {listed}")
            if len(values) != 1:
                raise flawed_parameter(name, "stands more than once; send it once")
            if not values[0]:
                raise flawed_parameter(name, "is empty; give it a value or leave it out")
        return {name: values[0] for name, values in self.query.items()}


def create(problems: Mapping[type[Exception], Callable[[Any], ProblemError]]) -> APIGatewayRestResolver:
    """A resolver that answers problems; ``problems`` turns each of the service's own errors into one.

    An error that nobody foresaw goes on to Lambda, which counts it for the version that is running.
    """
    app = APIGatewayRestResolver()

    def answer_error(error: Exception) -> Answer:
        problem = error if isinstance(error, ProblemError) else problems[type(error)](error)
        return _answer_problem(app, problem)

    app.exception_handler([ProblemError, *problems])(answer_error)

    def answer_unknown_route(_: NotFoundError) -> Answer:
        event = app.current_event
        return _answer_problem(app, ProblemError("unknown_route", f"no route {event.http_method} {shown(event.path)}"))

    app.not_found(answer_unknown_route)
    return app


def _answer_problem(app: APIGatewayRestResolver, problem: ProblemError) -> Answer:
    """The problem as the answer to the request that the resolver is handling."""
    status, body = render(problem, observability.gateway_request_id(app.current_event.raw_event) or "")
    observability.logger.info("refused", extra={"problem": problem.slug, "status": status})
    return Response(status, PROBLEM_JSON, body, headers=problem.headers)


def read_request(app: APIGatewayRestResolver) -> Request:
    """The request that the resolver is handling."""
    event = app.current_event.raw_event
    identity = (event.get("requestContext") or {}).get("identity") or {}
    query = event.get("multiValueQueryStringParameters")
    if query is None:
        query = {name: [value] for name, value in (event.get("queryStringParameters") or {}).items()}
    return Request(
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        query=query,
        body=event.get("body"),
        is_base64=bool(event.get("isBase64Encoded")),
        partner_id=identity.get("apiKeyId"),
        correlation_id=observability.correlation_id(event) or app.lambda_context.aws_request_id,
    )


def answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer; a text body is taken as JSON already."""
    text = body if isinstance(body, str) else json_body.dump(body)
    return Response(status, JSON, text, headers=headers)


def read_limit(parameters: Mapping[str, str]) -> int:
    """The parameter ``limit``: how many items of a list to answer."""
    text = parameters.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_LIMIT):
        raise flawed_parameter("limit", f"must be a whole number from 1 to {MAX_LIMIT}")
    return int(text)


def read_next[Position: (str, int)](
    parameters: Mapping[str, str], list_name: str, kind: type[Position]
) -> Position | None:
    """The position in the parameter ``next``; None for the first page."""
    token = parameters.get("next")
    if token is None:
        return None
    try:
        return decode(list_name, token, kind)
    except InvalidTokenError as error:
        raise flawed_parameter("next", str(error)) from None
