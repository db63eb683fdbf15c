"""Clients of AWS services: low-level, lazily made, shared. Importing pulls in nothing; the first client botocore.

botocore itself, not boto3: the same clients without the resource layer, which costs a tenth of a cold start.
"""

from functools import cache
from typing import Any

CONNECT_TIMEOUT_SECONDS = 1.0
READ_TIMEOUT_SECONDS = 2.0
ATTEMPTS = 3
LONGEST_CALL_SECONDS = ATTEMPTS * (CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS) + 3.0
"""One call at its very worst, below the functions' time-outs; 3 s are botocore's waits after throttled attempts."""


_THROTTLING_CODES = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


@cache
def _session() -> Any:
    from botocore.session import Session

    return Session()


@cache
def client(service: str, *, read_timeout: float = READ_TIMEOUT_SECONDS) -> Any:
    """The process's client of a service; region, credentials and endpoint come from the SDK's own variables.

    A longer ``read_timeout`` (seconds) is for calls that wait for someone's work; the function's must be above ATTEMPTS
    times it.
    """
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        tcp_keepalive=True,
    )
    return _session().create_client(service, config=config)


def error_code(error: Exception) -> str:
    """The service's name for the error (``ThrottlingException``), or the class's name when no service answered."""
    response: dict[str, Any] = getattr(error, "response", {})
    return str(response.get("Error", {}).get("Code") or type(error).__name__)


def is_throttling(error: Exception) -> bool:
    """Whether AWS refused the call, and the SDK's own attempts after it, only because there were too many."""
    return error_code(error) in _THROTTLING_CODES
