"""Filter expressions of GetTraceSummaries: keywords and comparisons with AND, OR, NOT (!) and brackets.

error, fault, throttle, ok, partial; responsetime, duration, http.status, http.method, http.url, annotation.<key> or
annotation[<key>], name, id with =, !=, <, <=, >, >=, BEGINSWITH, ENDSWITH, CONTAINS; service("name") and
service(id(name: "name", type: "type")).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

Summary = dict[str, Any]
Test = Callable[[Summary], bool]
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<sign><=|>=|!=|=|<|>|[()!:,\[\]])
    |(?P<word>[A-Za-z_][\w.-]*))""",
    re.VERBOSE,
)
_FLAGS: dict[str, Callable[[Summary], Any]] = {
    "error": lambda summary: summary["HasError"],
    "fault": lambda summary: summary["HasFault"],
    "throttle": lambda summary: summary["HasThrottle"],
    "partial": lambda summary: summary["IsPartial"],
    "ok": lambda summary: not (summary["HasError"] or summary["HasFault"]),
}
_VALUES: dict[str, Callable[[Summary], Any]] = {
    "responsetime": lambda summary: summary["ResponseTime"],
    "duration": lambda summary: summary["Duration"],
    "id": lambda summary: summary["Id"],
    "name": lambda summary: summary["EntryPoint"]["Name"],
    "http.status": lambda summary: summary["Http"].get("HttpStatus"),
    "http.method": lambda summary: summary["Http"].get("HttpMethod"),
    "http.url": lambda summary: summary["Http"].get("HttpURL"),
}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "beginswith": lambda value, text: str(value).startswith(str(text)),
    "endswith": lambda value, text: str(value).endswith(str(text)),
    "contains": lambda value, text: str(text) in str(value),
}


class FilterError(Exception):
    """The expression cannot be read; the message names the place."""


def compile_filter(expression: str) -> Test:
    """A test for a trace summary; raises FilterError. An empty expression lets everything through."""
    tokens = _tokens(expression)
    if not tokens:
        return lambda _: True
    parser = _Parser(tokens)
    test = parser.either()
    if parser.peek() is not None:
        raise FilterError(f"unexpected {parser.peek()!r} in the filter expression")
    return test


def _tokens(expression: str) -> list[str]:
    found, position = [], 0
    text = expression.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise FilterError(f"cannot read the filter expression at {text[position : position + 20]!r}")
        found.append(match.group().strip())
        position = match.end()
    return found


class _Parser:
    """Recursive descent: OR, AND, NOT, one condition."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def take(self) -> str:
        token = self.peek()
        if token is None:
            raise FilterError("the filter expression ends too early")
        self._at += 1
        return token

    def took(self, *words: str) -> bool:
        if (self.peek() or "").lower() in words:
            self._at += 1
            return True
        return False

    def expect(self, token: str) -> None:
        if not self.took(token):
            raise FilterError(f"{token!r} expected before {self.peek()!r} in the filter expression")

    def either(self) -> Test:
        tests = [self.both()]
        while self.took("or"):
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda summary: any(test(summary) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.took("and"):
            tests.append(self.one())
        return tests[0] if len(tests) == 1 else lambda summary: all(test(summary) for test in tests)

    def one(self) -> Test:
        if self.took("not", "!"):
            negated = self.one()
            return lambda summary: not negated(summary)
        if self.took("("):
            inner = self.either()
            self.expect(")")
            return inner
        word = self.take()
        if word.lower() == "service":
            return self._service()
        return self._condition(word)

    def _service(self) -> Test:
        """service("name") or service(id(name: "...", type: "..."))."""
        self.expect("(")
        wanted = {"Name": _unquoted(self.take())} if not self.took("id") else self._identity()
        self.expect(")")
        return lambda summary: any(
            all(service.get(key) == value for key, value in wanted.items()) for service in summary["ServiceIds"]
        )

    def _identity(self) -> dict[str, str]:
        self.expect("(")
        wanted: dict[str, str] = {}
        while not self.took(")"):
            key = self.take().lower()
            self.expect(":")
            wanted[{"name": "Name", "type": "Type", "account.id": "AccountId"}.get(key, key)] = _unquoted(self.take())
            self.took(",")
        return wanted

    def _condition(self, word: str) -> Test:
        read, flag = self._reader(word)
        sign = (self.peek() or "").lower()
        if sign not in _COMPARE:
            return lambda summary: bool(read(summary)) if flag else read(summary) is not None
        self.take()
        wanted, compare = _value(self.take()), _COMPARE[sign]

        def holds(summary: Summary) -> bool:
            found = read(summary)
            if found is None:
                return False
            try:
                return bool(compare(found, wanted))
            except TypeError:
                return False

        return holds

    def _reader(self, word: str) -> tuple[Callable[[Summary], Any], bool]:
        """What a keyword reads of a summary, and whether it is a flag."""
        name = word.lower()
        if name in _FLAGS:
            return _FLAGS[name], True
        if name in _VALUES:
            return _VALUES[name], False
        if name == "annotation" and self.took("["):
            key = _unquoted(self.take())
            self.expect("]")
            return _annotation(key), False
        if name.startswith("annotation."):
            return _annotation(word[len("annotation.") :]), False
        raise FilterError(f"unknown keyword {word!r} in the filter expression")


def _annotation(key: str) -> Callable[[Summary], Any]:
    def read(summary: Summary) -> Any:
        for entry in summary.get("Annotations", {}).get(key, []):
            return next(iter(entry["AnnotationValue"].values()))
        return None

    return read


def _value(token: str) -> str | float | bool:
    if token[0] in "\"'":
        return _unquoted(token)
    if token.lower() in ("true", "false"):
        return token.lower() == "true"
    try:
        return float(token)
    except ValueError:
        return token


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token[0] in "\"'" else token
