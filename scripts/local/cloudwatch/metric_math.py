"""Metric math: the expressions of GetMetricData and of alarms.

A value is a number, a time series (value by time) or a list of time series. Arithmetic on two series has a result
only at times that both have; a division by zero has none. The aggregates SUM, AVG, MIN and MAX give a number for one
series, and for a list one series made of the data that there is at each time.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

KEYWORDS = ("REPEAT", "LINEAR", "AVG", "MAX", "MIN", "SUM", "ASC", "DESC")
"""Words that are no ids: what FILL takes besides numbers, and SORT besides series."""

Points = dict[float, float]
Value = float | Points | list[Points]


class MetricMathError(Exception):
    """The expression is not metric math, or uses a function on what it does not take."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression sees: the other queries by id, the metrics among them, and the times of the range."""

    series: Mapping[str, Value]
    metrics: tuple[str, ...]
    times: tuple[float, ...]
    period: float


def references(expression: str) -> list[str]:
    """The ids that an expression names; METRICS() names none of its own."""
    return [
        node.id for node in ast.walk(_parse(expression)) if isinstance(node, ast.Name) and node.id not in _FUNCTIONS
    ]


def evaluate(expression: str, scope: Scope) -> Value:
    """The value of an expression. Raises MetricMathError."""
    return _evaluate(_parse(expression), scope)


@functools.cache
def _parse(expression: str) -> ast.expr:
    parts = re.split(r"(\"[^\"]*\"|'[^']*')", expression.strip())
    parts[::2] = [_as_python(part) for part in parts[::2]]
    try:
        return ast.parse("".join(parts), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise MetricMathError(f"Error in expression [{expression}]") from error


def _as_python(text: str) -> str:
    for pattern, replacement in ((r"&&|\bAND\b", " and "), (r"\|\||\bOR\b", " or "), (r"\^", "**")):
        text = re.sub(pattern, replacement, text)
    return text


def _evaluate(node: ast.expr, scope: Scope) -> Value:
    value = _operation(node, scope)
    if value is None:
        value = _operand(node, scope)
    if value is None:
        raise MetricMathError(f"Unsupported in an expression: [{ast.unparse(node)}]")
    return value


def _operand(node: ast.expr, scope: Scope) -> Value | None:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in scope.series:
            return scope.series[name]
        case ast.List(elts=elements):
            return [_series(_evaluate(element, scope)) for element in elements]
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in _FUNCTIONS:
            return _FUNCTIONS[name](arguments, scope)
    return None


def _operation(node: ast.expr, scope: Scope) -> Value | None:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _apply(operator.sub, 0.0, _evaluate(operand, scope))
        case ast.BinOp(left=left, op=kind, right=right) if type(kind) in _ARITHMETIC:
            return _apply(_ARITHMETIC[type(kind)], _evaluate(left, scope), _evaluate(right, scope))
        case ast.Compare(left=left, ops=[kind], comparators=[right]) if type(kind) in _COMPARISONS:
            return _apply(_truth(_COMPARISONS[type(kind)]), _evaluate(left, scope), _evaluate(right, scope))
        case ast.BoolOp(op=kind, values=operands):
            join = _truth(_both) if isinstance(kind, ast.And) else _truth(_either)
            values = [_evaluate(operand, scope) for operand in operands]
            return functools.reduce(functools.partial(_apply, join), values)
    return None


def _apply(action: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """An operator on numbers, or time by time."""
    if isinstance(left, list):
        return [_series(_apply(action, one, right)) for one in left]
    if isinstance(right, list):
        return [_series(_apply(action, left, one)) for one in right]
    if isinstance(left, float) and isinstance(right, float):
        try:
            return float(action(left, right))
        except (ArithmeticError, ValueError):
            return {}
    times = left if isinstance(left, dict) else right if isinstance(right, dict) else {}
    result: Points = {}
    for when in times:
        a, b = _at(left, when), _at(right, when)
        if a is not None and b is not None:
            outcome = _number(action, a, b)
            if outcome is not None:
                result[when] = outcome
    return result


def _number(action: Callable[[float, float], float], left: float, right: float) -> float | None:
    try:
        outcome = action(left, right)
    except (ArithmeticError, ValueError):
        return None
    return float(outcome) if math.isfinite(outcome) else None


def _at(value: Value, when: float) -> float | None:
    return value.get(when) if isinstance(value, dict) else value if isinstance(value, float) else None


def _truth(test: Callable[[float, float], object]) -> Callable[[float, float], float]:
    return lambda left, right: 1.0 if test(left, right) else 0.0


def _both(left: float, right: float) -> bool:
    return bool(left and right)


def _either(left: float, right: float) -> bool:
    return bool(left or right)


def _series(value: Value) -> Points:
    if isinstance(value, dict):
        return value
    raise MetricMathError("A list holds time series only")


def _aggregate(combine: Callable[[list[float]], float]) -> Callable[[list[ast.expr], Scope], Value]:
    def call(arguments: list[ast.expr], scope: Scope) -> Value:
        value = _only(arguments, scope)
        if isinstance(value, float):
            return value
        if isinstance(value, dict):
            return combine(list(value.values())) if value else {}
        times = sorted({when for series in value for when in series})
        return {when: combine([series[when] for series in value if when in series]) for when in times}

    return call


def _each(action: Callable[[float], float]) -> Callable[[list[ast.expr], Scope], Value]:
    return lambda arguments, scope: _apply(lambda value, _: action(value), _only(arguments, scope), 0.0)


def _only(arguments: list[ast.expr], scope: Scope) -> Value:
    if len(arguments) != 1:
        raise MetricMathError("The function takes one argument")
    return _evaluate(arguments[0], scope)


def _if(arguments: list[ast.expr], scope: Scope) -> Value:
    """IF(condition, value if it is not 0[, value if it is 0])."""
    if len(arguments) not in (2, 3):
        raise MetricMathError("IF takes two or three arguments")
    condition, *choices = (_evaluate(argument, scope) for argument in arguments)
    if len(choices) == 1:
        choices.append({})
    if isinstance(condition, float):
        return choices[0 if condition else 1]
    result: Points = {}
    for when, truth in _series(condition).items():
        chosen = _at(choices[0 if truth else 1], when)
        if chosen is not None:
            result[when] = chosen
    return result


def _fill(arguments: list[ast.expr], scope: Scope) -> Value:
    """FILL(series, number | REPEAT | LINEAR): a value at each time of the range that has none."""
    if len(arguments) != 2:
        raise MetricMathError("FILL takes two arguments")
    value, filler = _evaluate(arguments[0], scope), arguments[1]
    if isinstance(value, list):
        return [_filled(series, filler, scope) for series in value]
    return value if isinstance(value, float) else _filled(value, filler, scope)


def _filled(series: Points, filler: ast.expr, scope: Scope) -> Points:
    result: Points = {}
    for when in scope.times:
        found = series.get(when)
        if found is None:
            found = _filler(series, filler, when, scope)
        if found is not None:
            result[when] = found
    return result


def _filler(series: Points, filler: ast.expr, when: float, scope: Scope) -> float | None:
    if not (isinstance(filler, ast.Name) and filler.id in KEYWORDS):
        return _at(_evaluate(filler, scope), when)
    before = max((time for time in series if time < when), default=None)
    if before is None:
        return None
    after = min((time for time in series if time > when), default=None)
    if filler.id == "REPEAT" or after is None:
        return series[before] if filler.id == "REPEAT" else None
    share = (when - before) / (after - before)
    return series[before] + share * (series[after] - series[before])


def _changes(per_second: bool) -> Callable[[list[ast.expr], Scope], Value]:
    """DIFF, the change since the datum before; RATE, the same per second."""

    def of(series: Points) -> Points:
        pairs = pairwise(sorted(series))
        return {b: (series[b] - series[a]) / (b - a if per_second else 1) for a, b in pairs}

    def call(arguments: list[ast.expr], scope: Scope) -> Value:
        value = _only(arguments, scope)
        return [of(series) for series in value] if isinstance(value, list) else of(_series(value))

    return call


def _running_sum(arguments: list[ast.expr], scope: Scope) -> Value:
    total, result = 0.0, {}
    for when, value in sorted(_series(_only(arguments, scope)).items()):
        total += value
        result[when] = total
    return result


def _metrics(arguments: list[ast.expr], scope: Scope) -> Value:
    """METRICS(["text"]): the metrics of the request, or those whose id contains the text."""
    text = arguments[0].value if arguments and isinstance(arguments[0], ast.Constant) else ""
    return [_series(scope.series[name]) for name in scope.metrics if str(text) in name]


def _time_series(arguments: list[ast.expr], scope: Scope) -> Value:
    """TIME_SERIES(number): that number at each time of the range."""
    value = _only(arguments, scope)
    return dict.fromkeys(scope.times, value) if isinstance(value, float) else value


def _sort(arguments: list[ast.expr], scope: Scope) -> Value:
    """SORT(list, AVG | MAX | MIN | SUM, ASC | DESC[, limit]): the series in that order, those without data left out."""
    if len(arguments) not in (3, 4):
        raise MetricMathError("SORT takes three or four arguments")
    value, (by, order), limit = _evaluate(arguments[0], scope), map(ast.unparse, arguments[1:3]), arguments[3:]
    if by not in _SORT_BY or order not in ("ASC", "DESC") or not isinstance(value, list):
        raise MetricMathError("SORT takes a list of series, one of AVG, MAX, MIN and SUM, and ASC or DESC")
    found = [series for series in value if series]
    found.sort(key=lambda series: _SORT_BY[by](list(series.values())), reverse=order == "DESC")
    return found[: int(ast.unparse(limit[0]))] if limit else found


_SORT_BY: dict[str, Callable[[list[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "MAX": max,
    "MIN": min,
    "SUM": sum,
}
_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], object]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: dict[str, Callable[[list[ast.expr], Scope], Value]] = {
    "ABS": _each(abs),
    "AVG": _aggregate(_SORT_BY["AVG"]),
    "CEIL": _each(math.ceil),
    "DIFF": _changes(per_second=False),
    "FILL": _fill,
    "FLOOR": _each(math.floor),
    "IF": _if,
    "MAX": _aggregate(max),
    "METRICS": _metrics,
    "MIN": _aggregate(min),
    "PERIOD": lambda _, scope: scope.period,
    "RATE": _changes(per_second=True),
    "RUNNING_SUM": _running_sum,
    "SORT": _sort,
    "SUM": _aggregate(sum),
    "TIME_SERIES": _time_series,
}
