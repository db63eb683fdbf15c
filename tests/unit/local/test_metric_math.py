"""Metric math on small series: {time: value} with a period of 60 s."""

import pytest

from scripts.local.cloudwatch import metric_math
from scripts.local.cloudwatch.metric_math import MetricMathError, Scope, Value

TIMES = (0.0, 60.0, 120.0, 180.0)
SERIES: dict[str, Value] = {
    "errors": {60.0: 1.0, 180.0: 3.0},
    "calls": {0.0: 10.0, 60.0: 4.0, 120.0: 0.0, 180.0: 6.0},
    "half": 0.5,
}
SCOPE = Scope(SERIES, ("errors", "calls"), TIMES, 60.0)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("errors / calls", {60.0: 0.25, 180.0: 0.5}),
        ("100 * errors / calls", {60.0: 25.0, 180.0: 50.0}),
        ("calls / calls", {0.0: 1.0, 60.0: 1.0, 180.0: 1.0}),
        ("-errors + 2 ^ 3", {60.0: 7.0, 180.0: 5.0}),
        ("FILL(errors, 0)", {0.0: 0.0, 60.0: 1.0, 120.0: 0.0, 180.0: 3.0}),
        ("FILL(errors, REPEAT)", {60.0: 1.0, 120.0: 1.0, 180.0: 3.0}),
        ("FILL(errors, LINEAR)", {60.0: 1.0, 120.0: 2.0, 180.0: 3.0}),
        ("IF(calls > 0, 100 * errors / calls, 0)", {60.0: 25.0, 120.0: 0.0, 180.0: 50.0}),
        ("IF(calls > 4 AND calls < 10, 1, 0)", {0.0: 0.0, 60.0: 0.0, 120.0: 0.0, 180.0: 1.0}),
        ("calls == 0 || calls >= 10", {0.0: 1.0, 60.0: 0.0, 120.0: 1.0, 180.0: 0.0}),
        ("IF(errors > 1, errors)", {180.0: 3.0}),
        ("SUM([errors, calls])", {0.0: 10.0, 60.0: 5.0, 120.0: 0.0, 180.0: 9.0}),
        ("SUM(METRICS())", {0.0: 10.0, 60.0: 5.0, 120.0: 0.0, 180.0: 9.0}),
        ('MAX(METRICS("err"))', {60.0: 1.0, 180.0: 3.0}),
        ("SUM(calls)", 20.0),
        ("AVG(errors)", 2.0),
        ("MIN(calls)", 0.0),
        ("calls * half", {0.0: 5.0, 60.0: 2.0, 120.0: 0.0, 180.0: 3.0}),
        ("RATE(errors)", {180.0: 2 / 120}),
        ("DIFF(errors)", {180.0: 2.0}),
        ("calls / PERIOD(calls)", {0.0: 10 / 60, 60.0: 4 / 60, 120.0: 0.0, 180.0: 0.1}),
        ("RUNNING_SUM(calls)", {0.0: 10.0, 60.0: 14.0, 120.0: 14.0, 180.0: 20.0}),
        ("CEIL(calls / 3)", {0.0: 4.0, 60.0: 2.0, 120.0: 0.0, 180.0: 2.0}),
    ],
)
def test_an_expression_has_its_value(expression: str, value: Value) -> None:
    assert metric_math.evaluate(expression, SCOPE) == pytest.approx(value)


def test_expressions_name_what_they_need() -> None:
    found = metric_math.references("IF(calls > 0, FILL(errors, REPEAT) / calls, 0)")
    assert set(found) >= {"calls", "errors"}
    assert not set(found) & {"IF", "FILL"}


@pytest.mark.parametrize("expression", ["errors +", "missing + 1", "SECRET(errors)", "__import__('os')", "errors.real"])
def test_what_is_not_metric_math_is_refused(expression: str) -> None:
    with pytest.raises(MetricMathError):
        metric_math.evaluate(expression, SCOPE)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("TIME_SERIES(SUM(calls) / 4)", dict.fromkeys(TIMES, 5.0)),
        ("TIME_SERIES(7)", dict.fromkeys(TIMES, 7.0)),
        ("SORT(METRICS(), MAX, DESC)", [SERIES["calls"], SERIES["errors"]]),
        ("SORT(METRICS(), SUM, ASC, 1)", [SERIES["errors"]]),
    ],
)
def test_series_can_be_made_and_sorted(expression: str, value: Value) -> None:
    assert metric_math.evaluate(expression, SCOPE) == value


@pytest.mark.parametrize(
    "expression", ["SORT(METRICS(), MEDIAN, ASC)", "SORT(calls, MAX, ASC)", "SORT(METRICS(), MAX)"]
)
def test_a_sort_needs_a_list_a_function_and_an_order(expression: str) -> None:
    with pytest.raises(MetricMathError):
        metric_math.evaluate(expression, SCOPE)
