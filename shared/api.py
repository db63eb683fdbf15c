"""REST handlers: routes, requests, answers and problems. Importing pulls in what observability does.

Powertools has a resolver too, but importing it loads asyncio and every event source that it knows: as much as the
interpreter's own start (docs/decisions/0010).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared import aws, json_body, observability
from shared.idempotency import KeyReusedError
from shared.paging import InvalidTokenError, decode
from shared.problems import Flaw, ProblemError, flawed_header, flawed_parameter, render, shown
from shared.transactions import BusyError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_KEY_LENGTH = 255


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

    def idempotency_key(self) -> str:
        """The key that the caller gave to this request and gives again when it repeats it."""
        key = self.header("Idempotency-Key", "send a new value for each request and the same one to repeat it")
        if len(key) > MAX_KEY_LENGTH or not all("!" <= character <= "~" for character in key):
            raise flawed_header("Idempotency-Key", f"must be 1 to {MAX_KEY_LENGTH} visible ASCII characters")
        return key

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


class Api:
    """The routes of a function and what its errors mean.

    API Gateway has matched the path already: a route is looked up by the resource that it names, written as in the
    service's Terraform routes ("GET /orders/{order_id}").
    """

    def __init__(self, problems: Problems) -> None:
        self.actions: dict[str, Action] = {}
        self._problems: Problems = {KeyReusedError: _key_reused, BusyError: _busy, **problems}

    def route(self, route: str) -> Callable[[Action], Action]:
        """Decorate the function that answers a route; it takes the request and the path's parameters by name."""

        def register(action: Action) -> Action:
            self.actions[route] = action
            return action

        return register

    def handle(self, event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
        """Answer a REST proxy event.

        A call that AWS throttles to the end is answered 503. An error that nobody foresaw goes on to Lambda, which
        counts it for the version that is running.
        """
        try:
            answer = self._act(event, context)
        except ProblemError as problem:
            answer = _refusal(problem, event)
        except tuple(self._problems) as error:
            problem_of = next(turn for kind, turn in self._problems.items() if isinstance(error, kind))
            answer = _refusal(problem_of(error), event)
        except Exception as error:
            if not aws.is_throttling(error):
                raise
            observability.logger.warning("throttled", extra={"code": aws.error_code(error)})
            answer = _refusal(busy(), event)
        return answer.to_proxy()

    def _act(self, event: dict[str, Any], context: "LambdaContext") -> Answer:
        action = self.actions.get(f"{event['httpMethod']} {event['resource']}")
        if action is None:
            raise ProblemError("unknown_route", f"no route {event['httpMethod']} {shown(event['path'])}")
        return action(read_request(event, context), **(event.get("pathParameters") or {}))


def _key_reused(_: KeyReusedError) -> ProblemError:
    detail = "belongs to another request; send a new key for a new one, or the first body again to repeat the first"
    flaw = Flaw("header", "Idempotency-Key", detail)
    return ProblemError("idempotency_key_reused", f"Idempotency-Key: {detail}", [flaw])


def _busy(_: BusyError) -> ProblemError:
    return busy("nothing was changed; repeat the request after a second")


def busy(detail: str = "repeat the request after a second") -> ProblemError:
    """The problem of what has no time for the request just now."""
    return ProblemError("temporarily_unavailable", detail, headers={"Retry-After": "1"})


def _refusal(problem: ProblemError, event: dict[str, Any]) -> Answer:
    status, body = render(problem, observability.gateway_request_id(event) or "")
    observability.logger.info("refused", extra={"problem": problem.slug, "status": status})
    return Answer(status, PROBLEM_JSON, body, problem.headers)


def read_request(event: dict[str, Any], context: "LambdaContext") -> Request:
    """The request in a REST proxy event."""
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
        correlation_id=observability.correlation_id(event) or context.aws_request_id,
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
