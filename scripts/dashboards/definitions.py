"""Dashboards as CloudWatch stores them: their body taken apart into headings, alarms and graphs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PERIOD = 300
STATISTIC = "Average"
_DURATION = re.compile(r"-P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a widget stands in the grid of 24 columns; a row is about 60 pixels high."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Heading:
    """A text widget: Markdown of one line."""

    place: Place
    markdown: str


@dataclass(frozen=True, slots=True)
class Alarms:
    """The states of alarms, by name."""

    place: Place
    title: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A horizontal annotation: a limit."""

    label: str
    value: float


@dataclass(frozen=True, slots=True)
class Graph:
    """A metric widget. `queries` are MetricDataQueries as GetMetricData takes them.

    `right` and `colors` go by the query's id; `span` is how far back it looks, None for as far as its dashboard.
    """

    place: Place
    title: str
    view: str
    queries: tuple[dict[str, Any], ...]
    left_label: str
    right_label: str
    minimum: float | None
    stacked: bool
    period: int
    span: timedelta | None
    right: frozenset[str] = frozenset()
    colors: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()


Widget = Heading | Alarms | Graph


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard; `span` is how far back it looks when it is opened."""

    name: str
    span: timedelta
    widgets: tuple[Widget, ...]


def read(name: str, body: Mapping[str, Any]) -> Dashboard:
    """Take a dashboard's body apart; widgets of other kinds are left out."""
    found = sorted(body.get("widgets", []), key=lambda one: (one["y"], one["x"]))
    widgets = [widget for one in found if (widget := _widget(one)) is not None]
    return Dashboard(name, duration(body.get("start", "")) or timedelta(hours=3), tuple(widgets))


def duration(text: str) -> timedelta | None:
    """Read how far back "-PT3H" or "-P30D" is; None for anything else."""
    match = _DURATION.fullmatch(text)
    if not match or not any(match.groups()):
        return None
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def _widget(one: Mapping[str, Any]) -> Widget | None:
    place = Place(one["x"], one["y"], one["width"], one["height"])
    properties = one["properties"]
    if one["type"] == "text":
        return Heading(place, properties["markdown"])
    if one["type"] == "alarm":
        return Alarms(place, properties.get("title", ""), tuple(arn.rpartition(":")[2] for arn in properties["alarms"]))
    return _graph(place, properties) if one["type"] == "metric" else None


def _graph(place: Place, properties: Mapping[str, Any]) -> Graph:
    rows = list(_rows(properties.get("metrics", [])))
    queries = tuple(_query(number, row, options, properties) for number, (row, options) in enumerate(rows))
    ids = [query["Id"] for query in queries]
    axes = properties.get("yAxis", {})
    horizontal = properties.get("annotations", {}).get("horizontal", [])
    return Graph(
        place=place,
        title=properties.get("title", ""),
        view=properties.get("view", "timeSeries"),
        queries=queries,
        left_label=axes.get("left", {}).get("label", ""),
        right_label=axes.get("right", {}).get("label", ""),
        minimum=axes.get("left", {}).get("min"),
        stacked=properties.get("stacked", False),
        period=int(properties.get("period", PERIOD)),
        span=duration(properties.get("start", "")),
        right=frozenset(name for name, (_, options) in zip(ids, rows, strict=True) if options.get("yAxis") == "right"),
        colors={name: options["color"] for name, (_, options) in zip(ids, rows, strict=True) if "color" in options},
        lines=tuple(Line(one.get("label", ""), float(one["value"])) for one in horizontal if "value" in one),
    )


def _rows(metrics: Sequence[Sequence[Any]]) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """Each metric as its names and its options; "." repeats the name above, "..." those before the last ones."""
    above: list[str] = []
    for metric in metrics:
        options = metric[-1] if metric and isinstance(metric[-1], dict) else {}
        names = [part for part in metric if isinstance(part, str)]
        if names[:1] == ["..."]:
            names = above[: len(above) - len(names) + 1] + names[1:]
        names = [above[position] if name == "." else name for position, name in enumerate(names)]
        above = names or above
        yield names, dict(options)


def _query(
    number: int, names: Sequence[str], options: Mapping[str, Any], properties: Mapping[str, Any]
) -> dict[str, Any]:
    query: dict[str, Any] = {"Id": options.get("id") or f"m{number}", "ReturnData": options.get("visible", True)}
    if "label" in options:
        query["Label"] = options["label"]
    period = int(options.get("period") or properties.get("period", PERIOD))
    if "expression" in options:
        return query | {"Expression": options["expression"], "Period": period}
    namespace, metric, *dimensions = names
    pairs = zip(dimensions[::2], dimensions[1::2], strict=True)
    return query | {
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in pairs],
            },
            "Period": period,
            "Stat": options.get("stat") or properties.get("stat", STATISTIC),
        }
    }
