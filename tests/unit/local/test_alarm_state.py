"""The tables of AWS's documentation: how alarms treat missing data, and M out of N.

0 is a datapoint within the threshold, X a breaching one, - a missing one; the newest is on the right.
"""

import pytest

from scripts.local.cloudwatch.alarm_state import COMPARISONS, Condition, Datapoint, State, decide, reason

VALUES = {"0": 0.0, "X": 9.0, "-": None}
KEPT = "retained"


def points(text: str) -> list[Datapoint]:
    return [(float(number), VALUES[mark]) for number, mark in enumerate(text.split())]


def condition(needed: int, missing: str, periods: int = 3) -> Condition:
    return Condition(COMPARISONS["GreaterThanThreshold"], 5.0, periods, needed, missing)


@pytest.mark.parametrize(
    ("needed", "data", "missing", "ignore", "breaching", "not_breaching"),
    [
        (3, "0 - X - X", "OK", "OK", "OK", "OK"),
        (3, "0 - - - -", "OK", "OK", "OK", "OK"),
        (3, "- - - - -", "INSUFFICIENT_DATA", KEPT, "ALARM", "OK"),
        (3, "0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (3, "- - X - -", "ALARM", KEPT, "ALARM", "OK"),
        (2, "0 - X - X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (2, "0 0 X 0 X", "ALARM", "ALARM", "ALARM", "ALARM"),
        (2, "0 - X - -", "OK", "OK", "ALARM", "OK"),
        (2, "- - - - 0", "OK", "OK", "ALARM", "OK"),
        (2, "- - - X -", "ALARM", KEPT, "ALARM", "OK"),
        (3, "- - - - X", KEPT, KEPT, "ALARM", "OK"),
        (3, "- - - X -", KEPT, KEPT, "ALARM", "OK"),
    ],
)
@pytest.mark.parametrize("current", list(State))
def test_missing_data_is_treated_as_documented(
    needed: int, data: str, missing: str, ignore: str, breaching: str, not_breaching: str, current: State
) -> None:
    expected = {"missing": missing, "ignore": ignore, "breaching": breaching, "notBreaching": not_breaching}
    found = {name: decide(points(data), condition(needed, name), current) for name in expected}
    assert found == {name: current if state == KEPT else State(state) for name, state in expected.items()}


@pytest.mark.parametrize(
    ("name", "value", "breaches"),
    [
        ("GreaterThanThreshold", 5.0, False),
        ("GreaterThanOrEqualToThreshold", 5.0, True),
        ("LessThanThreshold", 5.0, False),
        ("LessThanThreshold", 4.9, True),
        ("LessThanOrEqualToThreshold", 5.0, True),
    ],
)
def test_the_comparison_with_the_threshold(name: str, value: float, breaches: bool) -> None:
    found = decide([(0.0, value)], Condition(COMPARISONS[name], 5.0, 1, 1), State.OK)
    assert (found is State.ALARM) is breaches


ALARMING = (
    "Threshold Crossed: 2 out of the last 3 datapoints [9.0 (t2), 9.0 (t1)] were greater than the threshold (5.0) "
    "(minimum 2 datapoints for OK -> ALARM transition)."
)
CALMING = (
    "Threshold Crossed: 1 out of the last 3 datapoints [0.0 (t2)] was not greater than the threshold (5.0) "
    "(minimum 1 datapoint for ALARM -> OK transition)."
)
SILENT = (
    "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as "
    "[NonBreaching]."
)
UNKNOWN = "Insufficient Data: 3 datapoints were unknown."


@pytest.mark.parametrize(
    ("needed", "data", "treat", "old", "new", "text"),
    [
        (2, "0 X X", "missing", State.OK, State.ALARM, ALARMING),
        (3, "X X 0", "missing", State.ALARM, State.OK, CALMING),
        (3, "- - -", "notBreaching", State.ALARM, State.OK, SILENT),
        (3, "- - -", "missing", State.OK, State.INSUFFICIENT_DATA, UNKNOWN),
    ],
)
def test_the_reason_is_in_the_words_of_aws(
    needed: int, data: str, treat: str, old: State, new: State, text: str
) -> None:
    named = [(f"t{number:.0f}", value) for number, value in points(data)]
    assert reason(named, condition(needed, treat), old, new) == text
