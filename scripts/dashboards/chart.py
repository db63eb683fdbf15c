"""Graphs over time as SVG: lines or stacked areas, axes with units, limits, releases; words where there is no data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from itertools import batched
from typing import TYPE_CHECKING

from scripts.dashboards.scale import Axis, exact, round_range, short, time_ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scripts.dashboards.data import Release, Series
    from scripts.dashboards.definitions import Graph

COLUMN, ROW = 58, 41
"""Pixels of one column and one row of CloudWatch's grid; the page scales the whole drawing."""

LEFT, RIGHT, TOP, BOTTOM = 50, 14, 24, 24
RIGHT_AXIS = 50
PALETTE = ("#3b82f6", "#10b981", "#8b5cf6", "#f59e0b", "#06b6d4", "#ec4899", "#84cc16", "#64748b")
GAP_PERIODS = 5
"""Points further apart than this are not joined: in between nothing was reported."""

DOTS_UPTO = 60
MOST_POINTS = 400
FAR_LIMIT = 4
"""A limit more than so many times above the data would flatten it: it is told in words."""

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A series as it is drawn; `base` is what it is stacked on."""

    label: str
    color: str
    right: bool
    points: Points
    base: Points


@dataclass(frozen=True, slots=True)
class Frame:
    """Where things are: pixels of the drawing, the axis of time and those of values."""

    width: int
    height: int
    time: Axis
    left: Axis
    right: Axis | None
    left_ticks: Sequence[float]
    right_ticks: Sequence[float]

    def values(self, drawn: Drawn) -> Axis:
        return self.right if drawn.right and self.right else self.left


def draw(graph: Graph, series: Sequence[Series], releases: Iterable[Release], start: float, end: float) -> str:
    """The drawing, its legend, and the numbers behind it for whoever points at it."""
    drawn = _drawn(graph, [one for one in series if one.points], start, end)
    frame = _frame(graph, drawn, start, end)
    parts = [
        _grid(graph, frame),
        *(_release(frame, one) for one in releases if start <= one.at <= end),
        *(_area(frame, one) for one in drawn if one.base),
        *(_line(graph, frame, one) for one in drawn),
        *_limits(graph, frame),
    ]
    if not drawn:
        middle = (frame.time.start + frame.time.end) / 2
        parts.append(f'<text class="empty" x="{middle:.0f}" y="{frame.height / 2:.0f}">nothing was reported</text>')
    numbers = json.dumps(
        {
            "time": [frame.time.low, frame.time.high, frame.time.start, frame.time.end],
            "series": [
                {"label": one.label, "color": one.color, "points": [[int(at), value] for at, value in one.points]}
                for one in drawn
            ],
        },
        separators=(",", ":"),
    )
    return (
        f'<svg viewBox="0 0 {frame.width} {frame.height}" role="img" aria-label="{escape(graph.title)}" '
        f'data-points="{sum(len(one.points) for one in drawn)}" data-chart="{escape(numbers)}">{"".join(parts)}</svg>'
        f"{_legend(drawn)}"
    )


def _drawn(graph: Graph, series: Sequence[Series], start: float, end: float) -> list[Drawn]:
    found: list[Drawn] = []
    below: dict[float, float] = {}
    for number, one in enumerate(series):
        color = graph.colors.get(one.query) or PALETTE[number % len(PALETTE)]
        points = _thinned(tuple((at, value) for at, value in one.points if start <= at <= end))
        if graph.stacked:
            base = tuple((at, below.get(at, 0.0)) for at, _ in points)
            points = tuple((at, value + below.get(at, 0.0)) for at, value in points)
            below |= dict(points)
        else:
            base = ()
        found.append(Drawn(one.label, color, one.query in graph.right, points, base))
    return [one for one in found if one.points]


def _thinned(points: Points) -> Points:
    """No more points than can be seen: of each stretch the lowest and the highest."""
    if len(points) <= MOST_POINTS:
        return points
    size = -(-len(points) // (MOST_POINTS // 2))
    kept: set[tuple[float, float]] = set()
    for stretch in batched(points, size, strict=False):
        kept |= {min(stretch, key=lambda one: one[1]), max(stretch, key=lambda one: one[1])}
    return tuple(sorted(kept))


def _frame(graph: Graph, drawn: Sequence[Drawn], start: float, end: float) -> Frame:
    width, height = graph.place.width * COLUMN, graph.place.height * ROW
    on_right = [one for one in drawn if one.right]
    right_edge = width - (RIGHT_AXIS if on_right else RIGHT)
    limits = [line.value for line in graph.lines]
    low, high, ticks = _values([one for one in drawn if not one.right], graph.minimum, limits)
    right: Axis | None = None
    right_ticks: list[float] = []
    if on_right:
        right_low, right_high, right_ticks = _values(on_right, 0.0, [])
        right = Axis(right_low, right_high, height - BOTTOM, TOP)
    time = Axis(start, end, LEFT, right_edge)
    return Frame(width, height, time, Axis(low, high, height - BOTTOM, TOP), right, ticks, right_ticks)


def _values(drawn: Sequence[Drawn], minimum: float | None, limits: Sequence[float]) -> tuple[float, float, list[float]]:
    values = [value for one in drawn for _, value in one.points]
    low, high = min(values, default=0.0), max(values, default=1.0)
    near = [limit for limit in limits if values and limit <= FAR_LIMIT * max(high, 1e-9)]
    low = min(low, minimum) if minimum is not None else low
    return round_range(low, max([high, *near, low + 1e-6]) if high or near else low + 1)


def _grid(graph: Graph, frame: Frame) -> str:
    left, right, bottom = frame.time.start, frame.time.end, frame.height - BOTTOM
    parts = [f'<text class="axis-title y" x="4" y="12">{escape(graph.left_label)}</text>']
    for value in frame.left_ticks:
        y = frame.left.at(value)
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick y" x="{left - 6}" y="{y + 3.5:.1f}">{short(value)}</text>')
    if frame.right:
        label = escape(graph.right_label)
        parts.append(f'<text class="axis-title y right" x="{frame.width - 4}" y="12">{label}</text>')
        for value in frame.right_ticks:
            y = frame.right.at(value) + 3.5
            parts.append(f'<text class="tick y right" x="{right + 6}" y="{y:.1f}">{short(value)}</text>')
    for moment, text in time_ticks(frame.time.low, frame.time.high, max(2, int((right - left) // 70))):
        x = frame.time.at(moment)
        parts.append(f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 4}"/>')
        parts.append(f'<text class="tick x" x="{x:.1f}" y="{bottom + 16}">{text}</text>')
    parts.append(f'<line class="axis" x1="{left}" x2="{right}" y1="{bottom}" y2="{bottom}"/>')
    return "".join(parts)


def _limits(graph: Graph, frame: Frame) -> Iterable[str]:
    for line in graph.lines:
        text = f"{escape(line.label)} at {exact(line.value)}"
        if line.value > frame.left.high:
            yield f'<text class="limit" x="{frame.time.end:.0f}" y="12">{text} ↑</text>'
            continue
        y = frame.left.at(line.value)
        yield f'<line class="limit" x1="{frame.time.start}" x2="{frame.time.end}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="limit" x="{frame.time.end:.0f}" y="{y - 4:.1f}">{text}</text>'


def _release(frame: Frame, release: Release) -> str:
    x, bottom = frame.time.at(release.at), frame.height - BOTTOM
    told = escape(f"{release.function} version {release.version} released")
    return (
        f'<g class="release"><title>{told}</title><line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>'
        f'<path d="M{x:.1f} {bottom - 7}l4 7h-8z"/></g>'
    )


def _line(graph: Graph, frame: Frame, drawn: Drawn) -> str:
    axis, far = frame.values(drawn), GAP_PERIODS * graph.period
    commands: list[str] = []
    before = float("-inf")
    for at, value in drawn.points:
        command = "L" if at - before <= far else "M"
        commands.append(f"{command}{frame.time.at(at):.1f} {axis.at(value):.1f}")
        before = at
    dots = ""
    if len(drawn.points) <= DOTS_UPTO:
        dots = "".join(
            f'<circle cx="{frame.time.at(at):.1f}" cy="{axis.at(value):.1f}" r="2"/>' for at, value in drawn.points
        )
    path = f'<path class="line" d="{"".join(commands)}"/>'
    return f'<g class="series" style="--color:{drawn.color}"><title>{escape(drawn.label)}</title>{path}{dots}</g>'


def _area(frame: Frame, drawn: Drawn) -> str:
    axis = frame.values(drawn)
    points = [*drawn.points, *reversed(drawn.base)]
    outline = " ".join(f"{frame.time.at(at):.1f},{axis.at(value):.1f}" for at, value in points)
    return f'<polygon class="area" style="--color:{drawn.color}" points="{outline}"/>'


def _legend(drawn: Sequence[Drawn]) -> str:
    items = "".join(
        f'<li style="--color:{one.color}">{escape(one.label)}{" →" if one.right else ""}'
        f"<b>{exact(_newest(one))}</b></li>"
        for one in drawn
    )
    return f'<ul class="legend">{items}</ul>'


def _newest(drawn: Drawn) -> float:
    """The newest value itself, not what it is stacked on."""
    return drawn.points[-1][1] - (drawn.base[-1][1] if drawn.base else 0.0)
