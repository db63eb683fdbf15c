"""The page: all dashboards of an environment in one HTML file that asks nothing of a network."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.dashboards import chart
from scripts.dashboards.definitions import Alarms, Graph, Heading
from scripts.dashboards.scale import exact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.dashboards.data import Alarm, Picture, Release, Series
    from scripts.dashboards.definitions import Dashboard, Place

ASSETS = Path(__file__).parent / "assets"
ORDER = {"ALARM": 0, "INSUFFICIENT_DATA": 1, "OK": 2}
WORDS = {"ALARM": "in alarm", "INSUFFICIENT_DATA": "without data", "OK": "OK"}
DAY_SECONDS = 86400
EARLY = 0.05
"""Part of a graph that stays free before the first datum when it begins with it."""


def render(picture: Picture, environment: str) -> str:
    """The whole page as text."""
    begin, end = picture.begins(), picture.end.timestamp()
    title = f"Tradepost {environment}"
    prefix = picture.prefix()
    shown = [(one, one.name.removeprefix(prefix)) for one in picture.dashboards]
    links = "".join(f'<a href="#{one.name}">{escape(name)}</a>' for one, name in shown)
    sections = "".join(_section(picture, one, name, begin, end) for one, name in shown)
    times = f"{_moment(begin, end)} to {picture.end.astimezone(UTC):%H:%M UTC, %-d %B %Y}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{(ASSETS / 'page.css').read_text()}</style></head><body>"
        f"<header><h1>{escape(title)}</h1><nav>{links}</nav><p>{escape(times)}</p></header>"
        f"<main>{sections}</main>"
        f'<div id="tip" hidden></div><script>{(ASSETS / "page.js").read_text()}</script></body></html>'
    )


def _moment(at: float, end: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%H:%M}" if end - at < DAY_SECONDS else f"{moment:%H:%M, %-d %B}"


def _section(picture: Picture, dashboard: Dashboard, title: str, begin: float, end: float) -> str:
    releases = [one for one in picture.releases if title in ("overview", one.function.partition(".")[0])]
    widgets = "".join(_widgets(picture, dashboard, releases, begin, end))
    return f'<section id="{dashboard.name}"><h2>{escape(title)}</h2><div class="grid">{widgets}</div></section>'


def _widgets(
    picture: Picture, dashboard: Dashboard, releases: list[Release], begin: float, end: float
) -> Iterator[str]:
    for position, widget in enumerate(dashboard.widgets):
        if isinstance(widget, Heading):
            yield f'<div class="heading">{_markdown(widget.markdown)}</div>'
        elif isinstance(widget, Alarms):
            yield _card(widget.place, widget.title, "alarms", _alarms(picture, widget))
        else:
            series = picture.series[dashboard.name, position]
            if widget.view == "singleValue":
                yield _card(widget.place, widget.title, "number", _number(series))
            else:
                start = _start(widget, series, begin, picture.span(dashboard, widget).total_seconds(), end)
                yield _card(widget.place, widget.title, "graph", chart.draw(widget, series, releases, start, end))


def _start(graph: Graph, series: list[Series], begin: float, span: float, end: float) -> float:
    """Where a graph begins: with the page; one that looks further back begins with its data."""
    if graph.span is None:
        return max(begin, end - span)
    first = min((at for one in series for at, _ in one.points), default=begin)
    return max(end - span, min(begin, first - EARLY * (end - first)))


def _card(place: Place, title: str, kind: str, content: str) -> str:
    return f'<article class="card {kind}" style="--width:{place.width}"><h3>{escape(title)}</h3>{content}</article>'


def _number(series: list[Series]) -> str:
    """The newest value."""
    points = [one.points[-1] for one in series if one.points]
    if not points:
        return '<p class="none">nothing was reported</p>'
    return f'<p class="value">{escape(exact(max(points)[1]))}</p>'


def _alarms(picture: Picture, widget: Alarms) -> str:
    found = [picture.alarms[name] for name in widget.names if name in picture.alarms]
    found.sort(key=lambda one: (ORDER[one.state], one.name))
    counts = ", ".join(
        f"{number} {WORDS[state]}" for state in ORDER if (number := sum(one.state == state for one in found))
    )
    prefix = picture.prefix()
    items = "".join(_alarm(one, prefix) for one in found)
    return f'<p class="counts">{counts or "no alarms"}</p><ul class="states">{items}</ul>'


def _alarm(alarm: Alarm, prefix: str) -> str:
    since = f", since {alarm.since.astimezone(UTC):%H:%M UTC, %-d %b}" if alarm.since else ""
    told = escape(f"{alarm.name}: {WORDS[alarm.state]}{since}. {alarm.reason}")
    return f'<li class="{alarm.state}" title="{told}">{escape(alarm.name.removeprefix(prefix))}</li>'


def _markdown(text: str) -> str:
    """What headings use: ## title, `code` and [text](address); an address of the repository is shown as text."""
    level, _, rest = text.partition(" ")
    title, _, more = rest.partition("  ")
    more = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(more))
    more = re.sub(r"\[([^\]]+)\]\((https?://[^)]+)\)", r'<a href="\2">\1</a>', more)
    more = re.sub(r"\[([^\]]+)\]\(([^)]+)\)", r"\1: \2", more)
    return f"<h{len(level) + 1}>{escape(title)}</h{len(level) + 1}><span>{more}</span>"
