"""When an alarm changes state: M out of N datapoints, and AWS's rules for missing ones.

CloudWatch retrieves more datapoints than it needs, the evaluation range. With N real ones among them it decides on the
newest N; otherwise the missing ones are filled in as the alarm says, as few as possible.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

EXTRA_PERIODS = 2
"""How many periods the evaluation range has beyond the alarm's own, as in the example of AWS's documentation."""

Datapoint = tuple[float, float | None]
"""(when the period began, in epoch seconds; the value, None when it is missing)."""


class State(StrEnum):
    """The states of an alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison with the threshold, and its name in a state reason."""

    test: Callable[[float, float], bool]
    words: str


COMPARISONS = {
    "GreaterThanOrEqualToThreshold": Comparison(operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": Comparison(operator.gt, "greater than"),
    "LessThanThreshold": Comparison(operator.lt, "less than"),
    "LessThanOrEqualToThreshold": Comparison(operator.le, "less than or equal to"),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """What an alarm compares: `needed` breaching datapoints out of `periods`."""

    comparison: Comparison
    threshold: float
    periods: int
    needed: int
    missing: str = "missing"

    def breaches(self, value: float) -> bool:
        return self.comparison.test(value, self.threshold)


def decide(points: Sequence[Datapoint], condition: Condition, current: State) -> State:
    """The state after an evaluation of the points of the evaluation range, oldest first."""
    real = [value for _, value in points if value is not None][-condition.periods :]
    breaching = sum(condition.breaches(value) for value in real)
    filled = condition.periods - len(real)
    if filled and condition.missing == "breaching":
        breaching += filled
    if breaching >= condition.needed:
        return State.ALARM
    if not filled or condition.missing in ("breaching", "notBreaching"):
        return State.OK
    if breaching < len(real):
        return State.OK
    return _without_enough_data(points, condition, current)


def _without_enough_data(points: Sequence[Datapoint], condition: Condition, current: State) -> State:
    """Nothing but missing datapoints and too few breaching ones.

    Data that would only begin to breach does not alarm at once; breaching data that is at least as old as the
    datapoints to alarm does, when missing data counts as missing.
    """
    if condition.missing == "ignore":
        return current
    ages = [len(points) - number for number, (_, value) in enumerate(points) if value is not None]
    if not ages:
        return State.INSUFFICIENT_DATA
    return State.ALARM if max(ages) >= condition.needed else current


def reason(points: Sequence[tuple[str, float | None]], condition: Condition, old: State, new: State) -> str:
    """The state reason in AWS's words; `points` as in `decide`, but with the times as text."""
    real = [(when, value) for when, value in points if value is not None][-condition.periods :]
    if not real:
        return _reason_of_silence(condition, new)
    of_that_kind = [(when, value) for when, value in real if condition.breaches(value) == (new is State.ALARM)] or real
    listed = ", ".join(f"{value} ({when})" for when, value in reversed(of_that_kind))
    was = "was" if len(of_that_kind) == 1 else "were"
    needed = condition.needed if new is State.ALARM else condition.periods - condition.needed + 1
    return (
        f"Threshold Crossed: {len(of_that_kind)} out of the last {condition.periods} datapoints [{listed}] {was} "
        f"{'' if new is State.ALARM else 'not '}{condition.comparison.words} the threshold ({condition.threshold}) "
        f"(minimum {_count(needed, 'datapoint')} for {old} -> {new} transition)."
    )


def _reason_of_silence(condition: Condition, new: State) -> str:
    if new is State.INSUFFICIENT_DATA:
        was = "was" if condition.periods == 1 else "were"
        return f"Insufficient Data: {_count(condition.periods, 'datapoint')} {was} unknown."
    treated = "Breaching" if condition.missing == "breaching" else "NonBreaching"
    was = "was" if condition.periods == 1 else "were"
    return (
        f"Threshold Crossed: no datapoints were received for {_count(condition.periods, 'period')} and "
        f"{_count(condition.periods, 'missing datapoint')} {was} treated as [{treated}]."
    )


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
