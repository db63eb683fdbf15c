"""REST handlers: the platform's routes, requests, answers and problems. Importing pulls in what observability does."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared import json_body, observability
from shared.paging import InvalidTokenError, decode
from shared.problems import ProblemError, flawed_header, flawed_parameter, render, shown
from shared.router import Router

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
DEFAULT_LIMIT = 20
MAX_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer with a text body."""

    status: int
    content_type: str
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_proxy(self) -> dict[str, Any]:
        """The answer as API Gateway's Lambda proxy integration takes it."""
        headers = {"Content-Type": self.content_type, **self.headers}
        return {
            "statusCode": self.status,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "body": self.body,
            "isBase64Encoded": False,
        }


type Action = Callable[..., Answer]
type Problems = Mapping[type[Exception], Callable[[Any], ProblemError]]


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


class App:
    """The routes of a function and what its errors mean; handles one request at a time, as Lambda sends them."""

    def __init__(self, problems: Problems) -> None:
        self._router = Router()
        self._problems = problems
        self.event: dict[str, Any] = {}
        self.context: Any = None

    def get(self, path: str) -> Callable[[Action], Action]:
        """Decorate the function that answers GET; ``<name>`` in the path becomes its argument."""
        return self._router.add("GET", path)

    def post(self, path: str) -> Callable[[Action], Action]:
        """Decorate the function that answers POST; ``<name>`` in the path becomes its argument."""
        return self._router.add("POST", path)

    def resolve(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Answer a REST proxy event.

        An error that nobody foresaw goes on to Lambda, which counts it for the version that is running.
        """
        self.event, self.context = event, context
        try:
            answer = self._act(event["httpMethod"], event["path"])
        except ProblemError as problem:
            answer = self._answer_problem(problem)
        except tuple(self._problems) as error:
            problem_of = next(turn for kind, turn in self._problems.items() if isinstance(error, kind))
            answer = self._answer_problem(problem_of(error))
        return answer.to_proxy()

    def _act(self, method: str, path: str) -> Answer:
        found = self._router.find(method, path)
        if found is None:
            raise ProblemError("unknown_route", f"no route {method} {shown(path)}")
        action, arguments = found
        answer: Answer = action(**arguments)
        return answer

    def _answer_problem(self, problem: ProblemError) -> Answer:
        status, body = render(problem, observability.gateway_request_id(self.event) or "")
        observability.logger.info("refused", extra={"problem": problem.slug, "status": status})
        return Answer(status, PROBLEM_JSON, body, problem.headers)


def create(problems: Problems) -> App:
    """An app without routes yet; ``problems`` turns each of the service's own errors into a problem."""
    return App(problems)


def read_request(app: App) -> Request:
    """The request that the app is handling."""
    event = app.event
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
        correlation_id=observability.correlation_id(event) or app.context.aws_request_id,
    )


def answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer; a text body is taken as JSON already."""
    text = body if isinstance(body, str) else json_body.dump(body)
    return Answer(status, JSON, text, headers or {})


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
