"""Time against cost by memory size: bars for the terminal, a drawing (SVG) for everyone else. Pure."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scripts.oncall.tune.model import Size

BAR = 32
WIDTH, HEIGHT, MARGIN = 760, 420, 70
TIME, COST = "#1f6feb", "#d1242f"


def bar(value: float, most: float) -> str:
    """Return a bar of at most BAR characters, in eighths of one."""
    eighths = round(8 * BAR * value / most) if most else 0
    full, rest = divmod(eighths, 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")


def svg(title: str, note: str, sizes: Sequence[Size]) -> str:
    """Return a drawing: time on the left axis, cost on the right one, memory below."""
    longest = max(one.warm_ms for one in sizes) * 1.1 or 1.0
    dearest = max(one.usd_per_million for one in sizes) * 1.1 or 1.0
    times = [(_x(number, sizes), _y(one.warm_ms, longest)) for number, one in enumerate(sizes)]
    costs = [(_x(number, sizes), _y(one.usd_per_million, dearest)) for number, one in enumerate(sizes)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(WIDTH / 2, 24, title, size=16),
        _text(WIDTH / 2, 42, note, fill="#57606a"),
        *_axis(MARGIN, longest, "ms, warm, median", TIME, lambda value: f"{value:.3g}", anchor="end"),
        *_axis(
            WIDTH - MARGIN, dearest, "$ per million invocations", COST, lambda value: f"{value:.3g}", anchor="start"
        ),
        *(_text(_x(n, sizes), HEIGHT - MARGIN + 20, str(one.memory_mb)) for n, one in enumerate(sizes)),
        _text(WIDTH / 2, HEIGHT - 22, "memory, MB"),
        *_line(times, TIME),
        *_line(costs, COST),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(number: int, sizes: Sequence[Size]) -> float:
    return MARGIN + (WIDTH - 2 * MARGIN) * (number + 0.5) / len(sizes)


def _y(value: float, most: float) -> float:
    return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * value / most


def _axis(x: float, most: float, label: str, colour: str, shown: Callable[[float], str], anchor: str) -> list[str]:
    away = -8 if anchor == "end" else 8
    ticks = [most * step / 4 for step in range(5)]
    return [
        f'<line x1="{x}" y1="{MARGIN}" x2="{x}" y2="{HEIGHT - MARGIN}" stroke="{colour}"/>',
        *(_text(x + away, _y(tick, most) + 4, shown(tick), fill=colour, anchor=anchor) for tick in ticks),
        _text(x, MARGIN - 10, label, fill=colour, anchor="start" if anchor == "end" else "end"),
    ]


def _line(points: Sequence[tuple[float, float]], colour: str) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in points]
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots]


def _text(x: float, y: float, text: str, *, fill: str = "#1f2328", anchor: str = "middle", size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" text-anchor="{anchor}" font-size="{size}">{escape(text)}</text>'
    )
