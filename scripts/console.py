"""What every command prints: steps with their time, tables, and failures that say what to do next.

On a terminal a running step shows a spinner; elsewhere (CI, a pipe) it prints a line when it starts, when it ends, and
every few seconds while its note changes, so that a long wait is never silent.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.status import Status

# Seconds between two progress lines of one step where there is no terminal.
QUIET_INTERVAL = 5.0
# Wider than any table: rich cuts off what does not fit, and takes a pipe to be 80 columns wide.
TABLE_WIDTH = 400

console = Console(highlight=False, soft_wrap=True, emoji=False)


class Failure(Exception):  # noqa: N818 - it is what a person reads, not a defect of the program
    """A command cannot go on. `hint` says what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def fail(message: str, hint: str = "") -> NoReturn:
    """End the command with a message and with what to do next.

    Raises:
        Failure: always; the command line prints it and exits with status 1.
    """
    raise Failure(message, hint)


def say(message: str, style: str = "") -> None:
    """Print one line as it is: square brackets in it are no markup."""
    console.print(message, style=style or None, markup=False)


def print_failure(failure: Failure) -> None:
    """Show a failure on the console."""
    console.print("FAILED ", style="bold red", end="")
    say(failure.message)
    if failure.hint:
        console.print("  next ", style="bold yellow", end="")
        say(failure.hint.replace("\n", "\n       "))


def confirm(action: str) -> None:
    """Ask a person to type yes.

    Raises:
        Failure: they did not, or nobody is there.
    """
    if not sys.stdin.isatty():
        fail(f"{action}: nobody is here to confirm it", "give ARGS=--yes to do it without asking")
    if console.input(f"Type yes to {escape(action)}: ").strip() != "yes":
        fail("not confirmed", "nothing was changed")


def duration(seconds: float) -> str:
    """Return seconds for a person: "0.3 s", "12 s", "2 min 5 s"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def size(count: float) -> str:
    """Return bytes for a person, in decimal units: "812 B", "9.5 kB", "12.1 MB"."""
    for unit in ("B", "kB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} MB"


@dataclass(slots=True)
class Step:
    """A piece of work that takes time. `note` tells how far it is; `result` and `failed` are shown when it ends."""

    title: str
    result: str = ""
    failed: bool = False
    started: float = field(default_factory=time.monotonic)
    _status: Status | None = None
    _last_line: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self.started

    def note(self, text: str) -> None:
        """Say how far the step is."""
        if self._status is not None:
            self._status.update(f"{self.title}: {text} [dim]({duration(self.elapsed)})[/dim]")
        elif time.monotonic() - self._last_line >= QUIET_INTERVAL:
            self._last_line = time.monotonic()
            say(f"  .. {self.title}: {text} ({duration(self.elapsed)})", style="dim")

    def open(self) -> None:
        """Announce the step."""
        if console.is_terminal:
            self._status = console.status(self.title)
            self._status.start()
        else:
            say(f"  .. {self.title}", style="dim")

    def close(self, *, done: bool) -> None:
        """Show how the step ended and how long it took."""
        if self._status is not None:
            self._status.stop()
        console.print("  ✓  " if done else "  ✗  ", style="green" if done else "red", end="")
        console.print(f"{self.title}: {self.result}" if self.result else self.title, markup=False, end=" ")
        console.print(f"({duration(self.elapsed)})", style="dim")


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Announce a piece of work, show its progress, and close it with its time.

    Yields:
        the step, to give it notes and a result.
    """
    current = Step(title)
    current.open()
    try:
        yield current
    except BaseException:
        current.close(done=False)
        raise
    current.close(done=not current.failed)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    """Print a table, whole: a row that is too long for the terminal wraps. A column named "...>" is aligned right."""
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for column in columns:
        table.add_column(column.removesuffix(">"), justify="right" if column.endswith(">") else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    wide = Console(
        file=console.file, width=TABLE_WIDTH, force_terminal=console.is_terminal, highlight=False, emoji=False
    )
    wide.print(table, soft_wrap=True)
