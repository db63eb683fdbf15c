"""The language of Logs Insights: a query as commands, their expressions as trees."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

COMMANDS = ("fields", "filter", "stats", "sort", "limit", "display", "parse", "dedup")

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<duration>\d+(?:ms|s|m|h|d|w)\b)
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<quoted>`[^`]+`)
    | (?P<name>[A-Za-z_@][\w@]*(?:\.[\w@-]+)*)
    | (?P<operator>=~|!=|<=|>=|[=<>+*/%^(),\[\]-])
    )""",
    re.VERBOSE,
)
_REGEX = re.compile(r"\s*/((?:[^/\\]|\\.)+)/(i?)")
_PIECE = re.compile(
    r"""((?:\blike\s*|=~\s*|\bparse\s+\S+\s+)/(?:[^/\\\n]|\\.)+/
    |"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|\#[^\n]*|\|)""",
    re.VERBOSE | re.IGNORECASE,
)
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


class QueryError(Exception):
    """The query is malformed."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A string, a number, or a duration in ms."""

    value: str | float


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression."""

    regex: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the record, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function or an operator with its arguments; `name` is in lower case."""

    name: str
    arguments: tuple[Node, ...]


Node = Literal | Pattern | Field | Call


@dataclass(frozen=True, slots=True)
class Named:
    """An expression under the name of its column: its alias, or its own text."""

    name: str
    node: Node


@dataclass(frozen=True, slots=True)
class Command:
    """One command and what follows it."""

    name: str
    text: str


def commands(query: str) -> list[Command]:
    """The commands of a query in order. Raises QueryError."""
    found = []
    for text in _split(query):
        name, _, rest = text.partition(" ")
        if name.lower() not in COMMANDS:
            raise QueryError(f"unexpected symbol found {name} at the beginning of a command")
        found.append(Command(name.lower(), rest.strip()))
    return found


def _split(query: str) -> list[str]:
    """The query at its pipes; strings, regular expressions and comments have none."""
    parts = [""]
    for number, piece in enumerate(_PIECE.split(query)):
        if number % 2 and piece == "|":
            parts.append("")
        elif not (number % 2 and piece.startswith("#")):
            parts[-1] += piece
    stripped = (re.sub(r"^(\w+)\s+", r"\1 ", part.strip()) for part in parts)
    return [part for part in stripped if part]


def unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def regex(text: str, flags: str = "") -> re.Pattern[str]:
    """A regular expression in which groups may be named (?<name>...). Raises QueryError."""
    try:
        return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", text), re.IGNORECASE if "i" in flags else 0)
    except re.error as error:
        raise QueryError(f"/{text}/ is not a regular expression: {error}") from error


def expression(text: str) -> Node:
    """A single expression. Raises QueryError."""
    [parsed] = columns(text)
    return parsed.node


def columns(text: str) -> list[Named]:
    """Expressions separated by commas, each with `as name` if it is given one. Raises QueryError."""
    parser = _Parser(text)
    found = [parser.column()]
    while parser.take(","):
        found.append(parser.column())
    parser.end()
    return found


@dataclass(slots=True)
class _Parser:
    """A recursive descent over one command's text."""

    text: str
    at: int = field(default=0)

    def column(self) -> Named:
        start = self.at
        node = self._either()
        name = self.text[start : self.at].strip()
        if self.take("as"):
            alias = self._primary()
            if not isinstance(alias, Field):
                raise self._error()
            return Named(alias.name, node)
        return Named(node.name if isinstance(node, Field) else name, node)

    def take(self, *wanted: str) -> str | None:
        """The next token if it is one of those wanted, without regard to case."""
        match = _TOKEN.match(self.text, self.at)
        token = match.group().strip().lower() if match and not match["string"] and not match["quoted"] else ""
        if match is None or token not in wanted:
            return None
        self.at = match.end()
        return token

    def end(self) -> None:
        if self.text[self.at :].strip():
            raise self._error()

    def _either(self) -> Node:
        node = self._all()
        while self.take("or"):
            node = Call("or", (node, self._all()))
        return node

    def _all(self) -> Node:
        node = self._not()
        while self.take("and"):
            node = Call("and", (node, self._not()))
        return node

    def _not(self) -> Node:
        return Call("not", (self._not(),)) if self.take("not") else self._comparison()

    def _comparison(self) -> Node:
        left = self._sum()
        operator = self.take(*_COMPARISONS)
        if operator:
            return Call(operator, (left, self._sum()))
        if self.take("=~"):
            return Call("like", (left, self._pattern()))
        negated = bool(self.take("not"))
        if self.take("like"):
            found = Call("like", (left, self._pattern()))
        elif self.take("in"):
            found = Call("in", (left, *self._list()))
        elif negated:
            raise self._error()
        else:
            return left
        return Call("not", (found,)) if negated else found

    def _pattern(self) -> Node:
        match = _REGEX.match(self.text, self.at)
        if match is None:
            return self._primary()
        self.at = match.end()
        return Pattern(regex(match[1], match[2]))

    def _list(self) -> Sequence[Node]:
        self._need("[")
        found = [self._sum()]
        while self.take(","):
            found.append(self._sum())
        self._need("]")
        return found

    def _sum(self) -> Node:
        node = self._product()
        while operator := self.take("+", "-"):
            node = Call(operator, (node, self._product()))
        return node

    def _product(self) -> Node:
        node = self._primary()
        while operator := self.take("*", "/", "%", "^"):
            node = Call(operator, (node, self._primary()))
        return node

    def _primary(self) -> Node:
        if self.take("("):
            node = self._either()
            self._need(")")
            return node
        if self.take("-"):
            return Call("-", (Literal(0.0), self._primary()))
        match = _TOKEN.match(self.text, self.at)
        if match is None or match["operator"]:
            raise self._error()
        self.at = match.end()
        return self._operand(match)

    def _operand(self, match: re.Match[str]) -> Node:
        if match["string"]:
            return Literal(unquote(match["string"]))
        if match["number"]:
            return Literal(float(match["number"]))
        if match["duration"]:
            return Literal(_milliseconds(match["duration"]))
        if match["quoted"]:
            return Field(match["quoted"][1:-1])
        if self.take("("):
            return Call(match["name"].lower(), self._arguments())
        return Field(match["name"])

    def _arguments(self) -> tuple[Node, ...]:
        if self.take("*"):
            self._need(")")
            return ()
        found: list[Node] = []
        while not self.take(")"):
            if found:
                self._need(",")
            found.append(self._either())
        return tuple(found)

    def _need(self, token: str) -> None:
        if not self.take(token):
            raise self._error()

    def _error(self) -> QueryError:
        return QueryError(f"unexpected symbol found at position {self.at} of: {self.text}")


def _milliseconds(duration: str) -> float:
    unit = duration.lstrip("0123456789")
    factors = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
    return float(duration.removesuffix(unit)) * factors[unit]
