"""When a new version may get traffic."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version that a deployment wants to shift the traffic of `function` to."""

    function: str
    version: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a version answered to the health event; `failure` is Lambda's word when it could not answer."""

    body: Any
    failure: str | None = None


def flaw(candidate: Candidate, answer: Answer) -> str | None:
    """Why the version must not get traffic; None if it may."""
    if answer.failure is not None:
        cause = answer.body if isinstance(answer.body, dict) else {}
        kind, message = cause.get("errorType", answer.failure), cause.get("errorMessage", "no message")
        return f"it cannot run: {kind}: {message}"
    if not isinstance(answer.body, dict) or answer.body.get("healthy") is not True:
        return "it does not answer the health event; its handler needs the decorator observability.handler"
    told = (answer.body.get("function"), answer.body.get("version"))
    if told != (candidate.function, candidate.version):
        return f"{told[0]} version {told[1]} answered in its place"
    return None
