"""HTTP to the payment provider: one session, time-outs, bounded retries, a circuit breaker. requests is imported late.

What is sent again by itself is safe to send again: a connection that was never made, and a 429 or 5xx under the same
Idempotency-Key, by which the provider does a thing once. What timed out after sending is not: OutcomeUnknownError.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from payments.adapters.circuit_breaker import CircuitBreaker, CircuitOpenError
from shared import tracing

if TYPE_CHECKING:
    import requests

CONNECT_TIMEOUT_SECONDS = 1.0
RETRIES = 2
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 2.0
JITTER_SECONDS = 0.3
RETRIED = (429, 500, 502, 503, 504)
UNAVAILABLE = (429, 503)


class ProviderUnavailableError(Exception):
    """The provider did nothing: it cannot be reached, is busy or refuses the API key. Try later."""


class OutcomeUnknownError(Exception):
    """The provider may have done it or not. Try later: the next attempt asks before it does anything."""


class ProviderRefusedError(Exception):
    """The provider does not understand the request: a fault of this code, which no repetition mends."""


@dataclass(frozen=True, slots=True)
class Response:
    """``code`` is the provider's name for why it refused, "" if it did not."""

    status: int
    body: dict[str, Any]

    @property
    def code(self) -> str:
        error = self.body.get("error")
        return str(error.get("code", "")) if isinstance(error, dict) else ""


@dataclass(frozen=True, slots=True)
class ProviderHttp:
    """The provider at `url`, without a slash at its end; `read_timeout` in seconds, `session` of make_session()."""

    url: str
    read_timeout: float
    session: "requests.Session"
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)

    @property
    def longest_call_seconds(self) -> float:
        """One request at its very worst."""
        pauses = RETRIES * (LONGEST_PAUSE_SECONDS + JITTER_SECONDS)
        return (1 + RETRIES) * (CONNECT_TIMEOUT_SECONDS + self.read_timeout) + pauses

    def send(
        self, method: str, path: str, api_key: str, body: dict[str, Any] | None = None, idempotency_key: str = ""
    ) -> Response:
        """One request and its answer, whatever its status below 500 but 429; 401 is an answer, too.

        Raises ProviderUnavailableError, OutcomeUnknownError.
        """
        headers = {"Authorization": f"Bearer {api_key}"} | (
            {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        )
        try:
            self.breaker.enter()
        except CircuitOpenError as error:
            raise ProviderUnavailableError(f"the circuit breaker is open: {error}") from None
        with tracing.span("payment_provider", method=method, path=path):
            return self._read(self._exchange(method, path, headers, body))

    def _exchange(
        self, method: str, path: str, headers: dict[str, str], body: dict[str, Any] | None
    ) -> "requests.Response":
        import requests

        try:
            return self.session.request(
                method,
                self.url + path,
                headers=headers,
                json=body,
                timeout=(CONNECT_TIMEOUT_SECONDS, self.read_timeout),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            self.breaker.failed()
            if _was_never_sent(error):
                raise ProviderUnavailableError(f"no connection to {self.url}: {_cause(error)}") from error
            raise OutcomeUnknownError(f"no answer to {method} {path}: {_cause(error)}") from error

    def _read(self, response: "requests.Response") -> Response:
        if response.status_code >= 500:
            self.breaker.failed()
        else:
            self.breaker.succeeded()
        if response.status_code in UNAVAILABLE:
            raise ProviderUnavailableError(f"the provider answers {response.status_code}")
        if response.status_code >= 500:
            raise OutcomeUnknownError(f"the provider answers {response.status_code}")
        try:
            body = response.json() if response.content else {}
        except ValueError:
            raise OutcomeUnknownError(f"the provider's answer {response.status_code} is not JSON") from None
        return Response(response.status_code, body if isinstance(body, dict) else {})


def make_session() -> "requests.Session":
    """A session that keeps its connection between invocations and repeats what is safe to repeat."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util.retry import Retry

    retry = Retry(
        total=RETRIES,
        read=False,  # sent, but not answered: for the caller to find out
        other=False,
        status_forcelist=RETRIED,
        allowed_methods=None,
        backoff_factor=FIRST_PAUSE_SECONDS,
        backoff_max=LONGEST_PAUSE_SECONDS,
        backoff_jitter=JITTER_SECONDS,
        retry_after_max=int(LONGEST_PAUSE_SECONDS),
        raise_on_status=False,
    )
    session = requests.Session()
    session.trust_env = False  # no .netrc nor proxy of the environment may touch the credentials
    session.mount("https://", HTTPAdapter(max_retries=retry))
    session.mount("http://", HTTPAdapter(max_retries=retry))
    return session


def _was_never_sent(error: Exception) -> bool:
    """Whether no connection was made (urllib3 gives up with the last error as its reason)."""
    from requests.exceptions import ConnectTimeout
    from urllib3.exceptions import NewConnectionError

    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError)


def _cause(error: Exception) -> str:
    return type(error.__cause__ or error.__context__ or error).__name__
