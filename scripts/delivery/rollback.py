"""`make rollback`: of functions that a person names, or of all that was released since a moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scripts.console import Failure, fail, print_failure, say
from scripts.deployed import Deployed
from scripts.rollout import back
from scripts.rollout.record import Records

if TYPE_CHECKING:
    from scripts.environment import Environment


def rollback(environment: Environment, *, service: str = "", only: str = "", since: str = "") -> None:
    """Take back what `service` or `only` names, or each function whose last release ended at or after `since`.

    `since` is RFC 3339. Functions that were not released since then stay where they are, whatever they served before.

    Raises:
        Failure: there is nothing to go back to, or a function could not be taken back.
    """
    if not since:
        back.rollback(environment, service=service, only=only)
        return
    if service or only:
        fail("SINCE takes back whatever was released since then", "leave SERVICE and FUNCTION out")
    found = released_since(environment, since)
    if not found:
        say(f"{environment.name}: nothing was released since {since}, so there is nothing to take back", style="yellow")
        return
    say(f"Taking back what was released since {since}: {', '.join(found)}")
    left = []
    for key in found:
        try:
            back.rollback(environment, only=key)
        except Failure as failure:
            print_failure(failure)
            left.append(key)
    if left:
        fail(
            f"not taken back: {', '.join(left)}",
            f"what was released, and how it ended: make releases ENV={environment.name}",
        )


def released_since(environment: Environment, since: str) -> list[str]:
    """Return the functions, by <service>.<function>, whose newest version was released at or after a moment (RFC 3339).

    What serves an older version was taken back already: doing it twice must not go further back.

    Raises:
        Failure: `since` is no moment.
    """
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        fail(f"SINCE is {since!r}, which is no time", "for example SINCE=2026-01-31T17:00:00Z")
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    records, found = Records(environment), []
    for key, function in sorted(Deployed.read(environment).outputs["functions"].items()):
        last = records.last(key)
        newest = last is not None and last.version == str(function["version"])
        if last and newest and datetime.fromisoformat(last.finished_at) >= moment:
            found.append(key)
    return found
