"""Dashboards as CloudWatch writes them, taken apart."""

from datetime import timedelta
from typing import Any

import pytest

from scripts.dashboards.definitions import Alarms, Graph, Heading, Line, duration, read


def graph(*metrics: list[Any], **properties: Any) -> Graph:
    widget = {
        "type": "metric",
        "x": 0,
        "y": 0,
        "width": 8,
        "height": 6,
        "properties": {"metrics": metrics} | properties,
    }
    [found] = read("d", {"widgets": [widget]}).widgets
    assert isinstance(found, Graph)
    return found


def names(found: Graph) -> list[tuple[str, str, list[str]]]:
    metrics = [query["MetricStat"]["Metric"] for query in found.queries]
    return [(m["Namespace"], m["MetricName"], [d["Value"] for d in m["Dimensions"]]) for m in metrics]


def test_metrics_become_queries() -> None:
    found = graph(
        ["AWS/Lambda", "Errors", "FunctionName", "api", {"stat": "Sum", "label": "errors", "color": "#f00"}],
        ["AWS/Lambda", "Duration", "FunctionName", "api", {"id": "slow", "visible": False, "yAxis": "right"}],
        [{"expression": "slow * 2", "id": "double", "label": "twice"}],
        stat="p99",
        period=60,
    )
    errors, slow, double = found.queries
    assert errors == {
        "Id": "m0",
        "ReturnData": True,
        "Label": "errors",
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/Lambda",
                "MetricName": "Errors",
                "Dimensions": [{"Name": "FunctionName", "Value": "api"}],
            },
            "Period": 60,
            "Stat": "Sum",
        },
    }
    assert (slow["Id"], slow["ReturnData"], slow["MetricStat"]["Stat"]) == ("slow", False, "p99")
    assert double == {"Id": "double", "ReturnData": True, "Label": "twice", "Expression": "slow * 2", "Period": 60}
    assert found.right == {"slow"}
    assert found.colors == {"m0": "#f00"}


def test_what_is_repeated_is_filled_in() -> None:
    found = graph(
        ["AWS/Lambda", "Errors", "FunctionName", "api"],
        [".", "Throttles", ".", "."],
        ["...", "publish"],
    )
    assert names(found) == [
        ("AWS/Lambda", "Errors", ["api"]),
        ("AWS/Lambda", "Throttles", ["api"]),
        ("AWS/Lambda", "Throttles", ["publish"]),
    ]


def test_axes_limits_and_time() -> None:
    found = graph(
        ["n", "m"],
        title="t",
        start="-P30D",
        yAxis={"left": {"label": "ms", "min": 0}, "right": {"label": "s"}},
        annotations={"horizontal": [{"label": "alarm", "value": 5}]},
    )
    assert (found.left_label, found.right_label, found.minimum) == ("ms", "s", 0)
    assert found.lines == (Line("alarm", 5.0),)
    assert found.span == timedelta(days=30)
    assert graph(["n", "m"]).span is None


def test_widgets_stand_in_the_order_in_which_they_are_read() -> None:
    place = {"width": 24, "height": 1}
    body = {
        "start": "-PT1H",
        "widgets": [
            {"type": "alarm", "x": 0, "y": 9, **place, "properties": {"title": "a", "alarms": ["arn:x:alarm:one"]}},
            {"type": "text", "x": 0, "y": 1, **place, "properties": {"markdown": "## first"}},
            {"type": "log", "x": 0, "y": 3, **place, "properties": {}},
        ],
    }
    found = read("d", body)
    assert found.span == timedelta(hours=1)
    first, last = found.widgets
    assert isinstance(first, Heading)
    assert isinstance(last, Alarms)
    assert last.names == ("one",)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("-PT3H", timedelta(hours=3)),
        ("-P7D", timedelta(days=7)),
        ("-P1DT2H30M", timedelta(days=1, hours=2, minutes=30)),
        ("-P", None),
        ("3h", None),
        ("", None),
    ],
)
def test_how_far_back(text: str, found: timedelta | None) -> None:
    assert duration(text) == found
