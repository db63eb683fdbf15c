"""REST routes: which function answers which request of API Gateway. Imports the standard library only.

Powertools has a resolver too, but importing it loads asyncio and every event source that it knows: as much as the
interpreter's own start (docs/benchmarks.md).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

type Action = Callable[..., Any]

_PARAMETER = re.compile(r"<(\w+)>")
_SEGMENT = r"[\w.~!$&'()*+,;=:@%-]+"
"""What one segment of a URL's path may consist of (RFC 3986)."""


@dataclass(frozen=True, slots=True)
class Router:
    """The routes of one function, in the order in which they are tried."""

    _routes: list[tuple[str, re.Pattern[str], Action]] = field(default_factory=list)

    def add[Answering: Action](self, method: str, path: str) -> Callable[[Answering], Answering]:
        """Decorate the function that answers; ``<name>`` in the path is one segment and becomes its argument."""
        pattern = re.compile(_pattern(path), re.ASCII)

        def register(action: Answering) -> Answering:
            self._routes.append((method, pattern, action))
            return action

        return register

    def find(self, method: str, path: str) -> tuple[Action, dict[str, str]] | None:
        """The function for a request and its arguments; None if there is no such route."""
        for known, pattern, action in self._routes:
            if known == method and (match := pattern.fullmatch(path)):
                return action, match.groupdict()
        return None


def _pattern(path: str) -> str:
    """The path as a regular expression; a slash at the end makes no other path."""
    literals_and_names = _PARAMETER.split(path)
    parts = [
        re.escape(part) if index % 2 == 0 else f"(?P<{part}>{_SEGMENT})"
        for index, part in enumerate(literals_and_names)
    ]
    return "".join(parts) + "/*"
