"""What a page shows of an environment: the data of its graphs, the states of its alarms, its last releases."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Any

from scripts.console import fail
from scripts.dashboards import definitions
from scripts.rollout.record import Records

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

    from scripts.dashboards.definitions import Dashboard, Graph
    from scripts.environment import Environment

AT_A_TIME = 4
YOUNG, EARLY = 0.3, 0.05
"""Data that begins later than 30 % into the time: the page begins with it, and leaves 5 % free before."""

NAMES_PER_CALL = 100


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a graph: points (epoch seconds, value), oldest first; `query` is the id of what it comes from."""

    query: str
    label: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as it is now."""

    name: str
    state: str
    reason: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Release:
    """A version that was released to the end."""

    function: str
    version: str
    at: float


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that a page shows. Graphs are found by their dashboard's name and their position in it."""

    dashboards: tuple[Dashboard, ...]
    series: dict[tuple[str, int], list[Series]]
    alarms: dict[str, Alarm]
    releases: list[Release]
    end: datetime
    since: timedelta | None

    def span(self, dashboard: Dashboard, graph: Graph) -> timedelta:
        """How far back a graph looks."""
        return graph.span or self.since or dashboard.span

    def begins(self) -> float:
        """Where graphs begin, in epoch seconds: a while back, or with the first datum of a young environment."""
        end = self.end.timestamp()
        start = end - max(self.since or one.span for one in self.dashboards).total_seconds()
        first = min(
            (
                series.points[0][0]
                for (name, position), found in self.series.items()
                for series in found
                if series.points and self._follows_the_page(name, position)
            ),
            default=start,
        )
        return first - EARLY * (end - first) if first > start + YOUNG * (end - start) else start

    def _follows_the_page(self, name: str, position: int) -> bool:
        widget = next(one for one in self.dashboards if one.name == name).widgets[position]
        return isinstance(widget, definitions.Graph) and widget.span is None and widget.view != "singleValue"

    def prefix(self) -> str:
        """What the names of an environment's things begin with."""
        return self.dashboards[0].name.removesuffix("overview")


def fetch(
    environment: Environment, names: Sequence[str], functions: Sequence[str], end: datetime, since: timedelta | None
) -> Picture:
    """Read the dashboards `names` and all that they show, up to `end`.

    Raises:
        Failure: one of them is not there.
    """
    client = environment.client("cloudwatch")
    dashboards = tuple(_dashboard(client, name) for name in names)
    picture = Picture(dashboards, {}, {}, _releases(environment, functions), end, since)
    jobs = [
        (dashboard, position, widget)
        for dashboard in dashboards
        for position, widget in enumerate(dashboard.widgets)
        if isinstance(widget, definitions.Graph)
    ]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        found = pool.map(lambda job: _series(client, job[2], end, picture.span(job[0], job[2])), jobs)
        for (dashboard, position, _), series in zip(jobs, found, strict=True):
            picture.series[dashboard.name, position] = series
    shown = {
        name
        for dashboard in dashboards
        for widget in dashboard.widgets
        if isinstance(widget, definitions.Alarms)
        for name in widget.names
    }
    picture.alarms.update(_alarms(client, sorted(shown)))
    return picture


def _dashboard(client: Any, name: str) -> Dashboard:
    try:
        found = client.get_dashboard(DashboardName=name)
    except client.exceptions.DashboardNotFoundError:
        fail(f"the dashboard {name} is not there", "deploy it: make up")
    return definitions.read(name, json.loads(found["DashboardBody"]))


def _series(client: Any, graph: Graph, end: datetime, span: timedelta) -> list[Series]:
    answers = client.get_paginator("get_metric_data").paginate(
        MetricDataQueries=list(graph.queries), StartTime=end - span, EndTime=end, ScanBy="TimestampAscending"
    )
    points: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for answer in answers:
        for one in answer["MetricDataResults"]:
            values = zip((moment.timestamp() for moment in one["Timestamps"]), one["Values"], strict=True)
            points.setdefault((one["Id"], one["Label"]), []).extend(values)
    return [Series(query, label, tuple(sorted(found))) for (query, label), found in points.items()]


def _alarms(client: Any, names: Sequence[str]) -> Iterable[tuple[str, Alarm]]:
    for some in batched(names, NAMES_PER_CALL, strict=False):
        answer = client.describe_alarms(
            AlarmNames=list(some),
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
            MaxRecords=NAMES_PER_CALL,
        )
        for one in answer["MetricAlarms"] + answer["CompositeAlarms"]:
            since = one.get("StateTransitionedTimestamp") or one.get("StateUpdatedTimestamp")
            yield one["AlarmName"], Alarm(one["AlarmName"], one["StateValue"], one.get("StateReason", ""), since)


def _releases(environment: Environment, functions: Sequence[str]) -> list[Release]:
    records = Records(environment)
    found = [
        Release(key, record.version, datetime.fromisoformat(record.finished_at).timestamp())
        for key in functions
        for record in records.history(key)
    ]
    return sorted(found, key=lambda one: one.at)
