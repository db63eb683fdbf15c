"""Problems: RFC 9457 errors from the one catalog, contracts/problems.json, that the gateway is built from too.

Imports the standard library only; the catalog is read on the first problem.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

CATALOG = Path(__file__).parent / "contracts" / "problems.json"
TYPE_PREFIX = "urn:tradepost:problem:"
MAX_SHOWN = 64


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong and how to mend it: ``place`` is pointer (into the body), parameter or header."""

    place: str
    name: str
    detail: str

    def to_dict(self) -> dict[str, str]:
        """An entry of the problem's ``errors``."""
        return {self.place: self.name, "detail": self.detail}


class ProblemError(Exception):
    """Answers the request with a problem of the catalog; ``slug`` is the last part of its type."""

    def __init__(
        self,
        slug: str,
        detail: str,
        flaws: Sequence[Flaw] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{slug}: {detail}")
        self.slug = slug
        self.detail = detail
        self.flaws = tuple(flaws)
        self.headers = dict(headers or {})


def flawed_body(flaws: Sequence[Flaw], slug: str = "invalid_body") -> ProblemError:
    """The problem of a body with these flaws; its detail is the first of them."""
    first = flaws[0]
    return ProblemError(slug, f"{first.name or 'the body'}: {first.detail}", flaws)


def flawed_parameter(name: str, detail: str) -> ProblemError:
    """The problem of a path or query parameter."""
    return ProblemError("invalid_parameter", f"{name}: {detail}", [Flaw("parameter", name, detail)])


def flawed_header(name: str, detail: str) -> ProblemError:
    """The problem of a header."""
    return ProblemError("invalid_parameter", f"{name}: {detail}", [Flaw("header", name, detail)])


def render(problem: ProblemError, request_id: str) -> tuple[int, str]:
    """Status and JSON text of the problem; raises KeyError for a slug that the catalog does not have."""
    entry = _catalog()[problem.slug]
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + problem.slug,
        "title": entry["title"],
        "status": entry["status"],
        "detail": problem.detail,
        "request_id": request_id,
    }
    if problem.flaws:
        body["errors"] = [flaw.to_dict() for flaw in problem.flaws]
    return entry["status"], json.dumps(body)


def shown(text: str) -> str:
    """A caller's text as it may stand in a message: quoted, escaped and cut to MAX_SHOWN characters."""
    return ascii(text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "...")


@cache
def _catalog() -> dict[str, Any]:
    catalog: dict[str, Any] = json.loads(CATALOG.read_text(encoding="utf-8"))
    return catalog
