"""Filter patterns of CloudWatch Logs, as FilterLogEvents, metric filters and subscription filters use them.

Text: `ERROR "time out"` asks for all terms, `?a ?b` for one of them, `-debug` for none, `%[0-9]+%` for a regular
expression. JSON: `{ $.level = "ERROR" && ($.ms > 100 || $.user IS NULL) }`. Space-delimited patterns are refused.
"""

from __future__ import annotations

import fnmatch
import functools
import json
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Matcher = Callable[[str], bool]
Test = Callable[[Any], bool]

_TERM = re.compile(r'(?P<sign>[-?])?(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|%(?P<regex>[^%]*)%|(?P<word>[^\s"]+))')
_TOKEN = re.compile(
    r"""\s*(?P<token>&&|\|\||[(){}]|!=|<=|>=|=|<|>|"(?:[^"\\]|\\.)*"|%[^%]*%
    |\$(?:\.[^\s.=!<>()\[\]&|}]+|\[\d+\]|\['[^']*'\]|\["[^"]*"\])*|[^\s()=!<>&|{}]+)""",
    re.VERBOSE,
)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MISSING = object()


class PatternError(Exception):
    """The text is not a filter pattern."""


@functools.lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> Matcher:
    """A test of messages. Raises PatternError."""
    text = pattern.strip()
    if text.startswith("{"):
        test = _JsonPattern(text).parse()
        return lambda message: _matches_json(test, message)
    if text.startswith("["):
        raise PatternError("Space-delimited filter patterns are not supported by the local cloud")
    return _compile_terms(text)


def parse_json(message: str) -> Any:
    """The JSON value of a message, or None."""
    if not message.lstrip().startswith("{"):
        return None
    try:
        return json.loads(message)
    except ValueError:
        return None


def select(selector: str, value: Any) -> Any:
    """The value at a selector such as $.a.b[0]; None when there is none."""
    found = _select(selector, value)
    return None if found is _MISSING else found


def _compile_terms(text: str) -> Matcher:
    needed: list[Matcher] = []
    wanted: list[Matcher] = []
    for term in _TERM.finditer(text):
        test = _contains(term)
        if term["sign"] == "?":
            wanted.append(test)
        elif term["sign"] == "-":
            needed.append(functools.partial(lambda inner, message: not inner(message), test))
        else:
            needed.append(test)
    return lambda message: (
        all(test(message) for test in needed) and (not wanted or bool(needed) or any(test(message) for test in wanted))
    )


def _contains(term: re.Match[str]) -> Matcher:
    if term["regex"] is not None:
        regex = re.compile(term["regex"])
        return lambda message: regex.search(message) is not None
    wanted = re.sub(r"\\(.)", r"\1", term["phrase"]) if term["phrase"] is not None else term["word"]
    return lambda message: wanted in message


def _matches_json(test: Test, message: str) -> bool:
    value = parse_json(message)
    return isinstance(value, dict) and test(value)


def _select(selector: str, value: Any) -> Any:
    for step in _STEP.finditer(selector):
        name = next((group for group in step.group(1, 3, 4) if group is not None), None)
        if name is not None:
            value = value.get(name, _MISSING) if isinstance(value, dict) else _MISSING
        else:
            index = int(step.group(2))
            value = value[index] if isinstance(value, list) and index < len(value) else _MISSING
        if value is _MISSING:
            return _MISSING
    return value


@dataclass(slots=True)
class _JsonPattern:
    """A recursive descent over { conditions joined by && and ||, with parentheses }."""

    text: str
    tokens: Sequence[str] = ()
    at: int = field(default=0)

    def parse(self) -> Test:
        self.tokens = [match["token"] for match in _TOKEN.finditer(self.text)]
        self._take("{")
        test = self._either()
        self._take("}")
        if self.at != len(self.tokens):
            raise PatternError(f"Invalid filter pattern: {self.text}")
        return test

    def _either(self) -> Test:
        tests = [self._all()]
        while self._peek() == "||":
            self._take("||")
            tests.append(self._all())
        return lambda value: any(test(value) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._peek() == "&&":
            self._take("&&")
            tests.append(self._one())
        return lambda value: all(test(value) for test in tests)

    def _one(self) -> Test:
        if self._peek() == "(":
            self._take("(")
            test = self._either()
            self._take(")")
            return test
        selector = self._next()
        if not selector.startswith("$"):
            raise PatternError(f"Invalid filter pattern: {self.text}: {selector} is not a selector")
        condition = self._condition()
        return lambda value: condition(_select(selector, value))

    def _condition(self) -> Test:
        word = self._next()
        match word.upper():
            case "EXISTS":
                return lambda found: found is not _MISSING
            case "NOT":
                self._take("EXISTS")
                return lambda found: found is _MISSING
            case "IS":
                return _is(self._next())
            case "=":
                return _equals(self._next())
            case "!=":
                equal = _equals(self._next())
                return lambda found: found is not _MISSING and not equal(found)
        if word in _ORDER:
            return _compares(_ORDER[word], self._next())
        raise PatternError(f"Invalid filter pattern: {self.text}: {word} is not an operator")

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise PatternError(f"Invalid filter pattern: {self.text}")
        self.at += 1
        return token

    def _take(self, expected: str) -> None:
        if self._next().upper() != expected:
            raise PatternError(f"Invalid filter pattern: {self.text}: {expected} is missing")


def _is(word: str) -> Test:
    values = {"NULL": None, "TRUE": True, "FALSE": False}
    if word.upper() not in values:
        raise PatternError(f"Invalid filter pattern: IS {word}")
    return lambda found: found is values[word.upper()]


def _equals(token: str) -> Test:
    """Equal to a number, to text in which * stands for anything, or matched by a %regular expression%."""
    if token.startswith("%"):
        regex = re.compile(token.strip("%"))
        return lambda found: isinstance(found, str) and regex.search(found) is not None
    number = _number(token)
    if number is not None:
        return lambda found: _number(found) == number
    wanted = re.sub(r"\\(.)", r"\1", token[1:-1]) if token.startswith('"') else token
    glob = wanted.replace("[", "[[]").replace("?", "[?]")
    return lambda found: found is not _MISSING and fnmatch.fnmatchcase(_text(found), glob)


def _compares(action: Callable[[Any, Any], bool], token: str) -> Test:
    limit = _number(token)
    if limit is None:
        raise PatternError(f"Invalid filter pattern: {token} is not a number")

    def test(found: Any) -> bool:
        number = _number(found)
        return number is not None and action(number, limit)

    return test


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
