"""Values of Logs Insights: what the expressions of a query give for a record, or for a group of records."""

from __future__ import annotations

import math
import operator
import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from scripts.local.cloudwatch.insights_parser import Call, Field, Literal, Node, Pattern, QueryError
from scripts.local.cloudwatch.metrics import Bucket

Record = dict[str, Any]


class Moment(int):
    """A time in epoch ms, shown as Logs Insights shows times."""

    def __str__(self) -> str:
        return datetime.fromtimestamp(self / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def evaluate(node: Node, record: Record) -> Any:
    """The value for a record; None where there is none."""
    match node:
        case Literal(value=value):
            return value
        case Field(name=name):
            return record.get(name)
        case Call(name=name, arguments=arguments) if name in _FUNCTIONS:
            return _FUNCTIONS[name](*(evaluate(argument, record) for argument in arguments))
        case Pattern(regex=regex):
            return regex
    raise QueryError("not an expression")


def aggregate(node: Node, records: Sequence[Record], keys: Record) -> Any:
    """The value for a group of records, which share the values of `keys`."""
    match node:
        case Call(name=name, arguments=arguments) if name in _AGGREGATES:
            values = [evaluate(arguments[0], record) for record in records] if arguments else list(records)
            more = [evaluate(argument, {}) for argument in arguments[1:]]
            return _AGGREGATES[name]([value for value in values if value is not None], *more)
        case Call(name=name, arguments=arguments) if name in _FUNCTIONS:
            return _FUNCTIONS[name](*(aggregate(argument, records, keys) for argument in arguments))
        case _:
            return evaluate(node, keys)


def check(node: Node, *, aggregates: bool = False) -> Node:
    """The same expression. Raises QueryError if it calls a function that there is not."""
    if isinstance(node, Call):
        if node.name not in _FUNCTIONS and not (aggregates and node.name in _AGGREGATES):
            raise QueryError(f"unknown function {node.name}")
        for argument in node.arguments:
            check(argument, aggregates=aggregates)
    return node


def show(value: Any) -> str:
    """A value as a query result has it: numbers with at most four decimals."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return str(value)


def number(value: Any) -> float | None:
    """A number, also one in a string; None for anything else."""
    if isinstance(value, bool):
        return float(value)
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def order(value: Any) -> tuple[int, float, str]:
    """A key to sort by: numbers, then text, then what is missing."""
    if value is None:
        return 2, 0.0, ""
    numeric = number(value)
    return (0, numeric, "") if numeric is not None else (1, 0.0, str(value))


def _numeric(action: Callable[..., float]) -> Callable[..., float | None]:
    def call(*values: Any) -> float | None:
        numbers = [number(value) for value in values]
        if None in numbers:
            return None
        try:
            return float(action(*numbers))
        except (ArithmeticError, ValueError):
            return None

    return call


def _text(action: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *values: None if values[0] is None else action(*(show(value) for value in values))


def _compare(action: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def call(left: Any, right: Any) -> bool:
        if left is None or right is None:
            return action is operator.ne and left is not right
        a, b = number(left), number(right)
        return action(a, b) if a is not None and b is not None else action(show(left), show(right))

    return call


def _like(value: Any, pattern: Any) -> bool:
    if value is None:
        return False
    return pattern in show(value) if isinstance(pattern, str) else pattern.search(show(value)) is not None


def _floor(moment: Any, period: Any) -> Moment:
    return Moment(int(float(moment) // period * period))


def _bin(record_time: Any, period: Any) -> Moment | None:
    return None if record_time is None else _floor(record_time, period)


def _substr(value: str, start: str, length: str | None = None) -> str:
    begin = int(float(start))
    return value[begin:] if length is None else value[begin : begin + int(float(length))]


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "or": lambda left, right: bool(left) or bool(right),
    "and": lambda left, right: bool(left) and bool(right),
    "not": lambda value: not value,
    "=": _compare(operator.eq),
    "!=": _compare(operator.ne),
    "<": _compare(operator.lt),
    "<=": _compare(operator.le),
    ">": _compare(operator.gt),
    ">=": _compare(operator.ge),
    "like": _like,
    "in": lambda value, *listed: any(_compare(operator.eq)(value, one) for one in listed),
    "+": _numeric(operator.add),
    "-": _numeric(operator.sub),
    "*": _numeric(operator.mul),
    "/": _numeric(operator.truediv),
    "%": _numeric(operator.mod),
    "^": _numeric(operator.pow),
    "abs": _numeric(abs),
    "ceil": _numeric(math.ceil),
    "floor": _numeric(math.floor),
    "sqrt": _numeric(math.sqrt),
    "greatest": _numeric(max),
    "least": _numeric(min),
    "ispresent": lambda value: value is not None,
    "isempty": lambda value: value is None or value == "",
    "isblank": lambda value: value is None or not show(value).strip(),
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "concat": lambda *values: "".join(show(value) for value in values if value is not None),
    "strlen": _text(lambda value: float(len(value))),
    "strcontains": _text(lambda value, part: float(part in value)),
    "toupper": _text(str.upper),
    "tolower": _text(str.lower),
    "upper": _text(str.upper),
    "lower": _text(str.lower),
    "trim": _text(str.strip),
    "replace": _text(str.replace),
    "substr": _text(_substr),
    "bin": _bin,
    "datefloor": _bin,
    "tomillis": lambda moment: None if moment is None else float(moment),
    "frommillis": lambda value: None if number(value) is None else Moment(int(number(value) or 0)),
}


def _numbers(action: Callable[[list[float]], float]) -> Callable[[list[Any]], float | None]:
    def call(values: list[Any]) -> float | None:
        found = [value for value in map(number, values) if value is not None]
        return action(found) if found else None

    return call


def _percentile(values: list[Any], percent: float) -> float | None:
    bucket = Bucket()
    found = [value for value in map(number, values) if value is not None]
    lowest = min(found, default=0.0)
    for value in found:
        bucket.add(value - lowest)
    above = bucket.statistic(f"p{percent}")
    return None if above is None else above + lowest


_AGGREGATES: dict[str, Callable[..., Any]] = {
    "count": lambda values: float(len(values)),
    "count_distinct": lambda values: float(len({show(value) for value in values})),
    "sum": _numbers(math.fsum),
    "avg": _numbers(statistics.fmean),
    "min": lambda values: min(values, key=order, default=None),
    "max": lambda values: max(values, key=order, default=None),
    "pct": _percentile,
    "percentile": _percentile,
    "median": _numbers(statistics.median),
    "stddev": _numbers(statistics.pstdev),
    "earliest": lambda values: values[-1] if values else None,
    "latest": lambda values: values[0] if values else None,
}
