"""Graphs as SVG: what is drawn, where, and what is said when there is nothing to draw."""

import json
import re
from html import unescape
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from scripts.dashboards import chart
from scripts.dashboards.data import Release, Series
from scripts.dashboards.definitions import Graph, Line, Place
from scripts.dashboards.scale import exact, round_range, short, time_ticks

START, END = 36000.0, 39600.0


def graph(**settings: Any) -> Graph:
    usual: dict[str, Any] = {
        "place": Place(0, 0, 8, 6),
        "title": "Orders <per> minute",
        "view": "timeSeries",
        "queries": (),
        "left_label": "orders per minute",
        "right_label": "",
        "minimum": 0.0,
        "stacked": False,
        "period": 60,
        "span": None,
    }
    return Graph(**usual | settings)


def series(*values: float, label: str = "placed", query: str = "m0", step: float = 60) -> Series:
    return Series(query, label, tuple((START + step * number, value) for number, value in enumerate(values)))


def drawn(found: Graph, *lines: Series, releases: tuple[Release, ...] = ()) -> ET.Element:
    text = chart.draw(found, lines, releases, START, END)
    return ET.fromstring(f"<div>{text}</div>")  # noqa: S314  our own


def texts(element: ET.Element, name: str) -> list[str]:
    return ["".join(one.itertext()) for one in element.iter() if name in one.get("class", "").split()]


def path(element: ET.Element) -> list[tuple[str, float, float]]:
    [line] = [one for one in element.iter("path") if one.get("class") == "line"]
    found = re.findall(r"([ML])([\d.-]+) ([\d.-]+)", line.get("d", ""))
    return [(command, float(x), float(y)) for command, x, y in found]


def test_a_line_goes_from_value_to_value() -> None:
    element = drawn(graph(), series(0, 50, 100))
    (_, x0, bottom), (_, x1, middle), (_, x2, top) = path(element)
    assert x0 == chart.LEFT
    assert x2 - x1 == pytest.approx(x1 - x0, abs=0.11)
    assert (bottom, top) == (6 * chart.ROW - chart.BOTTOM, chart.TOP)
    assert middle == (bottom + top) / 2
    assert texts(element, "tick")[:5] == ["0", "25", "50", "75", "100"]
    assert texts(element, "axis-title") == ["orders per minute"]
    assert texts(element, "legend") == ["placed100"]


def test_times_are_round_and_in_utc() -> None:
    assert texts(drawn(graph(), series(1)), "x") == ["10:00", "10:15", "10:30", "10:45", "11:00"]


def test_nothing_is_said_in_words_between_axes() -> None:
    element = drawn(graph())
    assert texts(element, "empty") == ["nothing was reported"]
    assert texts(element, "axis-title") == ["orders per minute"]
    assert len(texts(element, "y")) > 2


def test_where_nothing_was_reported_there_is_no_line() -> None:
    far = Series("m0", "placed", ((START, 1.0), (START + 60, 1.0), (START + 1800, 1.0)))
    assert [command for command, _, _ in path(drawn(graph(), far))] == ["M", "L", "M"]


def test_stacked_series_stand_on_each_other_and_are_told_apart() -> None:
    element = drawn(graph(stacked=True), series(10, 10), series(20, 30, label="canceled", query="m1"))
    numbers = json.loads(unescape(next(element.iter("svg")).get("data-chart", "")))
    assert [one["points"][-1][1] for one in numbers["series"]] == [10, 40]
    assert texts(element, "legend") == ["placed10canceled30"]
    assert len(list(element.iter("polygon"))) == 2


def test_a_limit_near_the_data_is_a_line_and_a_far_one_words() -> None:
    near = drawn(graph(lines=(Line("alarm", 150.0),)), series(100))
    assert [one.get("class") for one in near.iter("line") if one.get("class") == "limit"] == ["limit"]
    assert texts(near, "limit") == ["", "alarm at 150"]
    far = drawn(graph(lines=(Line("alarm", 16000.0),)), series(100))
    assert texts(far, "limit") == ["alarm at 16,000 ↑"]


def test_a_second_axis_has_its_own_values() -> None:
    element = drawn(
        graph(right=frozenset({"m1"}), right_label="seconds"), series(1, 2), series(500, 1000, label="age", query="m1")
    )
    assert texts(element, "axis-title") == ["orders per minute", "seconds"]
    assert "1k" in texts(element, "right")
    assert texts(element, "legend") == ["placed2age →1,000"]


def test_a_release_is_marked_where_it_was() -> None:
    releases = (Release("orders.api", "7", START + 1800), Release("orders.api", "6", START - 60))
    [mark] = [one for one in drawn(graph(), series(1), releases=releases).iter("g") if one.get("class") == "release"]
    assert "".join(mark.itertext()) == "orders.api version 7 released"


def test_many_points_keep_their_extremes() -> None:
    values = [1.0] * 5000
    values[2500] = 99.0
    element = drawn(graph(), series(*values, step=0.5))
    assert len(path(element)) <= chart.MOST_POINTS
    numbers = json.loads(unescape(next(element.iter("svg")).get("data-chart", "")))
    assert max(value for _, value in numbers["series"][0]["points"]) == 99


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 100, [0, 25, 50, 75, 100]),
        (0, 0.7, [0, 0.2, 0.4, 0.6, 0.8]),
        (-150, 90, [-200, -100, 0, 100]),
        (5, 5, [4, 6, 8, 10]),
        (99.4, 99.9, [99.4, 99.6, 99.8, 100]),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    found = round_range(low, high)
    assert found[2][0] <= low
    assert found[2][-1] >= high
    assert len(found[2]) <= 6
    if low != high:
        assert found[2] == pytest.approx(ticks)


def test_days_are_named_over_weeks() -> None:
    assert [text for _, text in time_ticks(0, 30 * 86400, 7)] == [
        "1 Jan",
        "6 Jan",
        "11 Jan",
        "16 Jan",
        "21 Jan",
        "26 Jan",
        "31 Jan",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.0188, "0.0188"), (12, "12"), (1500, "1.5k"), (2_000_000, "2M"), (-250, "-250"), (99.95, "100")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert short(value) == text


@pytest.mark.parametrize(("value", "text"), [(1234.4, "1,234"), (99.95, "99.95"), (7, "7"), (0.5, "0.5")])
def test_numbers_are_read_out(value: float, text: str) -> None:
    assert exact(value) == text
