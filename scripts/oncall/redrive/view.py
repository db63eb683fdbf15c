"""What `make redrive` shows: queues and causes, one message whole, and what a run did."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scripts.console import Failure as Impossible
from scripts.console import console, fail, say, show_table
from scripts.oncall.redrive.causes import told
from scripts.oncall.redrive.envelopes import Failure, groups
from scripts.oncall.redrive.replays import Replays, explain
from shared.redaction import redact

if TYPE_CHECKING:
    from scripts.deployed import Deployed
    from scripts.oncall.redrive.topology import FailureQueue

MOST_SHOWN = 20
LOG_LINES = 10


def show_list(environment: str, queues: list[FailureQueue], found: list[Failure], limit: int) -> None:
    """Print each queue with what waits in it, and the failures by cause."""
    oldest = {one.queue.name: one.failed_at for one in reversed(found)}
    rows = [
        (
            one.name,
            str(one.waiting),
            str(one.in_flight or ""),
            age(oldest[one.name]) if one.name in oldest else "",
            ", ".join(one.feeders),
        )
        for one in sorted(queues, key=lambda queue: -queue.waiting)
    ]
    show_table(("failure queue", "waiting>", "in flight>", "oldest>", "what fails into it"), rows)
    if not found:
        say("nothing that is chosen has failed", style="green")
        return
    console.print()
    causes = [
        (
            group.queue,
            group.kind.value,
            str(len(group.failures)),
            age(group.failures[0].failed_at),
            age(group.failures[-1].failed_at),
            group.cause,
            group.failures[0].id[:8],
        )
        for group in groups(found)
    ]
    show_table(("failure queue", "kind", "count>", "first>", "last>", "cause", "one of them"), causes)
    if cut := [one.name for one in queues if one.waiting > limit]:
        say(f"only the first {limit} of {', '.join(cut)} were looked at; --limit looks at more", style="yellow")
    say(
        f"see one: make redrive ENV={environment} ARGS='--show --message <id>'; "
        f"then ARGS='--replay --dry-run', and ARGS=--replay",
        style="dim",
    )


def show_whole(stack: Deployed, found: list[Failure], replays: Replays) -> None:
    """Print messages whole, with the log lines of their last attempt and what a replay would do.

    Raises:
        Failure: there is none.
    """
    if not found:
        fail("no such message waits", "somebody may be replaying it; list what waits: make redrive")
    logs = stack.environment.client("logs")
    for failure in found[:MOST_SHOWN]:
        show_table(("", ""), explain(failure))
        body = failure.body if isinstance(failure.body, str) else json.dumps(redact(failure.body), indent=2)
        say(body)
        for line, times in list(Counter(told(logs, failure)).items())[-LOG_LINES:]:
            say(f"  log: {line}" + (f" ({times} times)" if times > 1 else ""))
        try:
            say(f"  a replay would {replays.plan(failure).text}", style="green")
        except Impossible as why:
            say(f"  it cannot be replayed: {why.message}; {why.hint}", style="yellow")
        console.print()
    if len(found) > MOST_SHOWN:
        say(f"{len(found) - MOST_SHOWN} more; choose with --message, --cause or --find", style="dim")


def show_result(texts: Counter[str], stayed: dict[str, str], past: str) -> None:
    """Print what was done, by what it was, and why the others stay."""
    if texts:
        show_table(("count>", past), [(str(count), text) for text, count in texts.most_common(MOST_SHOWN)])
    elif not stayed:
        say("nothing that is chosen waits")
    if stayed:
        reasons = Counter(stayed.values())
        show_table(("count>", "stays, because"), [(str(count), why) for why, count in reasons.most_common(MOST_SHOWN)])


def age(moment: datetime) -> str:
    """Return how long ago something was, in one unit: "40 s", "12 min", "3 h", "2 d"."""
    passed = max(0.0, (datetime.now(UTC) - moment).total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if passed >= 2 * length:
            return f"{passed / length:.0f} {unit}"
    return f"{passed:.0f} s"
