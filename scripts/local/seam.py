"""Installs our behaviours in place of ministack's; the list of modules here is the list of what we own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scripts.local import invoke_api
from scripts.local.functions import Functions
from scripts.local.settings import Settings


@dataclass(frozen=True, slots=True)
class Behaviours:
    """What the server process needs of the installed behaviours."""

    functions: Functions

    def environments(self) -> int:
        return self.functions.environments()

    def stop_sources(self) -> None:
        """Take no new work from event sources."""

    def idle(self) -> bool:
        return self.functions.idle()

    def close(self) -> None:
        self.functions.close()


def install(settings: Settings, changed: Callable[[], None]) -> Behaviours:
    """Replace ministack's functions. `changed` tells the snapshots that state changed outside a request."""
    functions = Functions(settings)
    invoke_api.install(functions)
    return Behaviours(functions)
