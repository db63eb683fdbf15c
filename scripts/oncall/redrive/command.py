"""`make redrive`: list what failed, show one, replay or purge what is chosen."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts.console import Failure as Impossible
from scripts.console import confirm, fail, say, step
from scripts.deployed import Deployed
from scripts.environment import CACHE
from scripts.logs import seconds
from scripts.oncall import audit
from scripts.oncall.redrive import executions, topology, view
from scripts.oncall.redrive.causes import with_causes
from scripts.oncall.redrive.envelopes import Failure, Kind
from scripts.oncall.redrive.messages import Pace, look, take
from scripts.oncall.redrive.replays import Replays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripts.environment import Environment
    from scripts.oncall.redrive.executions import Executions
    from scripts.oncall.redrive.messages import Taken
    from scripts.oncall.redrive.topology import FailureQueue

PURGED = CACHE / "purged.jsonl"
MOST_FAILURES_IN_A_ROW = 5
"""Then the cause is not mended, and going on would only wear out what works."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which messages. Texts are looked for anywhere; `older_seconds` is the least age; "" and 0 choose all."""

    queue: str = ""
    kind: str = ""
    cause: str = ""
    find: str = ""
    id: str = ""
    older_seconds: int = 0

    def has_queue(self, queue: FailureQueue) -> bool:
        """Whether a queue is chosen: by a part of its name, or as <service>.<function>."""
        return self.queue.replace(".", "-").replace("_", "-") in queue.name

    def has(self, failure: Failure) -> bool:
        return (
            self.kind in ("", failure.kind)
            and self.cause.lower() in failure.cause.lower()
            and self.find in failure.text
            and (not self.id or failure.id.startswith(self.id))
            and (datetime.now(UTC) - failure.failed_at).total_seconds() >= self.older_seconds
        )


@dataclass(slots=True)
class Progress:
    """What a run did: messages done with, and why the others stay, by message."""

    done: int = 0
    stayed: dict[str, str] = field(default_factory=dict)
    texts: Counter[str] = field(default_factory=Counter)
    in_a_row: int = 0


def redrive(  # noqa: PLR0913 - one for each option of the command
    environment: Environment,
    *,
    queue: str = "",
    kind: str = "",
    cause: str = "",
    find: str = "",
    message: str = "",
    older: str = "",
    show: bool = False,
    replay: bool = False,
    purge: bool = False,
    as_they_are: bool = False,
    dry_run: bool = False,
    rate: float = 10.0,
    limit: int = 1000,
    yes: bool = False,
) -> None:
    """List what waits in the failure queues, or show, replay or purge it.

    Args:
        environment: where.
        queue: only queues whose name has this in it; also <service>.<function>.
        kind: only failures of this kind: queue, rule, schedule, async, stream, workflow, unknown.
        cause: only failures whose cause has this in it.
        find: only messages with this text, for example an order's id.
        message: only the message whose id begins with this.
        older: only failures of at least this age: 15m, 2h, 1d.
        show: print the chosen messages whole, with what their logs tell and what a replay would do.
        replay: give each chosen message to where it failed, and delete it when it was accepted.
        purge: delete the chosen messages.
        as_they_are: replay stream records with the items as the table has them now, after they were mended there.
        dry_run: say what replay or purge would do, and do nothing.
        rate: most replays a second.
        limit: most messages of one queue to look at.
        yes: do not ask before a purge.

    Raises:
        Failure: something chosen could not be replayed, or nothing is deployed.
    """
    if replay and purge:
        fail("a message is either replayed or purged", "give one of --replay and --purge")
    if purge and not any((queue, kind, cause, find, message)):
        fail("say what to purge", "choose with --queue, --kind, --cause, --find or --message")
    if kind and kind not in Kind:
        fail(f"--kind: nothing fails as {kind!r}", f"choose one of: {', '.join(Kind)}")
    if rate <= 0 or limit < 1:
        fail("--rate is above 0 and --limit at least 1", "for example --rate 5 --limit 200")
    if dry_run and not (replay or purge):
        fail("a list changes nothing, with or without --dry-run", "add --replay or --purge")
    choice = Choice(queue, kind, cause, find, message, seconds(older) if older else 0)
    stack = Deployed.read(environment)
    queues = [one for one in (*topology.read(stack), *executions.read(stack)) if choice.has_queue(one)]
    if not queues:
        fail(f"no failure queue has {queue!r} in its name", f"list them all with: make redrive ENV={environment.name}")
    if replay or purge:
        _act(stack, queues, choice, _Options(purge, as_they_are, dry_run, rate, limit, yes))
        return
    found = _chosen(stack, queues, choice, limit)
    if show:
        view.show_whole(stack, found, Replays(stack))
    else:
        view.show_list(environment.name, queues, found, limit)


def _chosen(stack: Deployed, queues: list[FailureQueue], choice: Choice, limit: int) -> list[Failure]:
    found = [one for each in queues if each.waiting for one in look(stack, each, limit)]
    return [one for one in with_causes(stack.environment.client("logs"), found) if choice.has(one)]


@dataclass(frozen=True, slots=True)
class _Options:
    purge: bool
    as_they_are: bool
    dry_run: bool
    rate: float
    limit: int
    yes: bool

    @property
    def verb(self) -> str:
        return "purge" if self.purge else "replay"

    @property
    def past(self) -> str:
        return ("would be " if self.dry_run else "") + ("purged" if self.purge else "replayed")


def _act(stack: Deployed, queues: list[FailureQueue], choice: Choice, options: _Options) -> None:
    progress = Progress()
    if options.dry_run:
        _work(stack, queues, choice, options, progress, lambda: False)
        view.show_result(progress.texts, progress.stayed, options.past)
        return
    if options.purge and not options.yes:
        count = len(_chosen(stack, queues, choice, options.limit))
        if not count:
            say("nothing that is chosen waits")
            return
        confirm(f"delete {count} messages of {', '.join(one.name for one in queues if one.waiting)} for good")
    details = {name: value for name in Choice.__slots__ if (value := getattr(choice, name))}
    with audit.action(stack, f"redrive {options.verb}", **details, rate=options.rate) as result, _stopping() as stopped:
        try:
            _work(stack, queues, choice, options, progress, stopped)
        finally:
            result |= {options.past: progress.done, "stayed": len(progress.stayed), "interrupted": stopped()}
    view.show_result(progress.texts, progress.stayed, options.past)
    if options.purge and progress.done:
        say(f"what was deleted is kept in {PURGED}", style="dim")
    if stopped():
        fail(
            f"interrupted after {progress.done}",
            "run it again: what was accepted is gone from the queue, the rest is there",
        )
    if progress.stayed:
        fail(
            f"{len(progress.stayed)} messages stay in their queue",
            "mend what is said above for each, then run it again",
        )


def _work(
    stack: Deployed,
    queues: list[FailureQueue],
    choice: Choice,
    options: _Options,
    progress: Progress,
    stopped: Callable[[], bool],
) -> None:
    replays, pace = Replays(stack, as_they_are=options.as_they_are), Pace(options.rate)
    # What comes into the queue from now on is what failed again: it is not for this run.
    began_ms = time.time() * 1000
    for queue in (one for one in queues if one.waiting):
        progress.in_a_row = 0
        with step(f"{options.verb.capitalize()} {queue.name}") as current, take(stack, queue) as taken:
            before = progress.done
            for failure in _each(stack, taken, choice, options.limit):
                old = int(failure.message["Attributes"]["SentTimestamp"]) < began_ms
                if stopped() or progress.in_a_row == MOST_FAILURES_IN_A_ROW:
                    break
                if not old or not choice.has(failure):
                    continue
                _one(taken, failure, options, replays, pace, progress)
                current.note(f"{progress.done - before} {options.past}, {len(progress.stayed)} stay")
            current.failed = progress.in_a_row == MOST_FAILURES_IN_A_ROW
            stays = f", gave up after {MOST_FAILURES_IN_A_ROW} in a row failed" if current.failed else ""
            current.result = f"{progress.done - before} {options.past}{stays}"


def _each(stack: Deployed, taken: Taken | Executions, choice: Choice, limit: int) -> Iterator[Failure]:
    client = stack.environment.client("logs")
    for page in taken.pages(limit):
        # Reading logs takes its time: only for whom the cause matters.
        yield from with_causes(client, page) if choice.cause else page


def _one(
    taken: Taken | Executions, failure: Failure, options: _Options, replays: Replays, pace: Pace, progress: Progress
) -> None:
    try:
        text, run = _deed(failure, options, replays)
        if not options.dry_run:
            pace.wait()
            taken.keep(failure)
            run()
            taken.delete(failure)
    except (Impossible, ClientError, BotoCoreError) as error:
        hint = f" ({error.hint})" if isinstance(error, Impossible) and error.hint else ""
        progress.stayed[failure.id] = f"{error}{hint}"
        progress.in_a_row += 1
    else:
        progress.done += 1
        progress.in_a_row = 0
        progress.texts[text] += 1


def _deed(failure: Failure, options: _Options, replays: Replays) -> tuple[str, Callable[[], None]]:
    if options.purge:
        return f"{failure.queue.name}: delete {failure.cause}", lambda: _keep_copy(failure)
    plan = replays.plan(failure)
    return plan.text, plan.run


def _keep_copy(failure: Failure) -> None:
    """Append a message that is to be deleted to this machine's file of purged ones."""
    PURGED.parent.mkdir(parents=True, exist_ok=True)
    with PURGED.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"queue": failure.queue.name, **failure.message}, default=str) + "\n")


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """Let what is under way end when a person or the machine interrupts; a second interruption acts at once."""
    asked: list[int] = []

    def ask(number: int, _frame: Any) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        say("stopping after this message; press again to stop at once", style="yellow")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
