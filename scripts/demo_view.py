"""How the demo shows what happens: a line with its time for each thing, and amounts as people read them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scripts.console import console, fail, say

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    # What has been reached, as text, or nothing as long as it has not.
    Watch = Callable[[], str | None]

FOLLOW_SECONDS = 60


@dataclass
class Clock:
    """Prints what happens, each line with the milliseconds since the clock was started."""

    started: float = field(default_factory=time.monotonic)

    def show(self, what: str, text: str, *, expected: bool = True) -> None:
        """Print one line; an unexpected one ends the demo."""
        elapsed = f"{(time.monotonic() - self.started) * 1000:7.0f} ms"
        console.print(f"  [dim]{elapsed}[/dim]  [{'green' if expected else 'red'}]{what:<10}[/]", end=" ")
        say(text)
        if not expected:
            fail(f"The platform did not do what it promises at: {what}", "Look at `make status` and .local/cloud.log")

    def follow(self, watches: dict[str, Watch]) -> None:
        """Show each thing that is watched for at the moment it is there; all of them come in the end."""
        waiting = dict(watches)
        deadline = time.monotonic() + FOLLOW_SECONDS
        while waiting:
            for name, watch in list(waiting.items()):
                if (seen := watch()) is not None:
                    self.show(name, seen)
                    del waiting[name]
            if waiting and time.monotonic() > deadline:
                self.show(next(iter(waiting)), f"not seen within {FOLLOW_SECONDS} s", expected=False)
            time.sleep(0.02)


def title(text: str) -> None:
    """Begin a part of the demo."""
    console.print(f"\n[bold]{text}[/bold]")


def summary(call: str, response: requests.Response) -> str:
    """What a call for an order answered, in a line."""
    if not response.ok:
        return f"{call}: {problem(response)}"
    body = response.json()
    return f"{call}: {response.status_code} {body['order_id']} {body['status']}, {money(body)}"


def money(order: dict[str, Any]) -> str:
    """The total of an order."""
    return euros(order["total_amount"])


def euros(cents: int) -> str:
    """An amount; the demo's currency has two decimals."""
    return f"EUR {cents / 100:.2f}"


def problem(response: requests.Response) -> str:
    """What was refused and why, in a line."""
    try:
        found = response.json()
        return f"{response.status_code} {found['type'].rpartition(':')[2]}: {found['detail']}"
    except (ValueError, KeyError):
        return f"{response.status_code}, which is no problem+json: {response.text[:200]}"
