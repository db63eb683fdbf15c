"""Shows releases as they go: a table that changes in place on a terminal, a line per change elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.live import Live
from rich.table import Table

from scripts.console import console, duration, say
from scripts.rollout.watch import FAILED, RELEASED, ROLLED_BACK

if TYPE_CHECKING:
    from scripts.rollout.watch import Release, Watch

STYLES = {RELEASED: "green", ROLLED_BACK: "red", FAILED: "red", "rolling back": "yellow"}
# Seconds between two lines of one release that does not change, where there is no terminal.
QUIET_SECONDS = 30.0


def follow(watch: Watch) -> None:
    """Watch until all have ended."""
    if not console.is_terminal:
        lines = Lines()
        for _ in watch.follow():
            lines.show(watch.releases)
        return
    with Live(table(watch.releases), console=console, auto_refresh=False) as live:
        for _ in watch.follow():
            live.update(table(watch.releases), refresh=True)


def table(releases: list[Release]) -> Table:
    shown = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    probed = [("probes", "left")] if any(one.probes for one in releases) else []
    for name, side in (("function", "left"), ("from", "right"), ("to", "right"), ("weight", "right"),
                       ("elapsed", "right"), ("status", "left"), ("alarms", "left"), *probed):  # fmt: skip
        shown.add_column(name, justify="right" if side == "right" else "left", no_wrap=True)
    for one in releases:
        cells = (one.change.key, one.change.current, one.change.target, f"{one.weight} %", duration(one.elapsed))
        alarms = "[red]ALARM[/red]" if one.alarm_state == "ALARM" else one.alarm_state
        style = STYLES.get(one.state, "")
        status = f"[{style}]{one.state}[/{style}]" if style else one.state
        shown.add_row(*cells, status, alarms, *([str(one.probes or "")] if probed else []))
    return shown


class Lines:
    """Prints a release when something about it changed, and now and then so that a long wait is not silent."""

    def __init__(self) -> None:
        self._shown: dict[str, tuple[tuple[str, int, str], float]] = {}

    def show(self, releases: list[Release]) -> None:
        now = time.monotonic()
        for one in releases:
            state = (one.state, one.weight, one.alarm_state)
            before = self._shown.get(one.change.key)
            if before and before[0] == state and (one.ended is not None or now - before[1] < QUIET_SECONDS):
                continue
            self._shown[one.change.key] = (state, now)
            change = f"{one.change.key} {one.change.current} -> {one.change.target}"
            probes = f", {one.probes}" if one.probes and one.probes.sent else ""
            say(f"  {change}: {one.state}, {one.weight} %, alarms {one.alarm_state}{probes} ({duration(one.elapsed)})")
