"""Options of the on-call commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Mapping


def add(commands: Mapping[str, ArgumentParser]) -> None:
    """Add to each command the options that it has."""
    commands["doctor"].add_argument("--since", default="1h", help="how far to look back: 15m, 1h (default), 2d")
    commands["order"].add_argument("order_id", help="the order's id, ord_...")
    commands["order"].add_argument("--level", default="", help="of log lines only this level and worse")
    _redrive(commands["redrive"])
    _replay(commands["replay"])
    _cost(commands["cost"])
    _tune(commands["tune"])
    _log_level(commands["log-level"])
    audit = commands["audit"]
    audit.add_argument("find", nargs="?", default="", help="only lines with this text: an order's id, a person")
    audit.add_argument("--since", default="7d", help="how far back: 15m, 2h, 7d (default)")


def _cost(command: ArgumentParser) -> None:
    command.add_argument("--since", default="1h", help="over which time to measure: 15m, 1h (default), 7d")
    command.add_argument("--orders-per-hour", type=float, default=0.0, help="one more traffic to work out")
    command.add_argument("--peak", type=float, default=1.0, help="the busiest second over the mean (default 1)")
    largest = "share in %% of the orders that the largest partner has (default 100)"
    command.add_argument("--largest-partner", dest="largest_key_percent", type=float, default=100.0, help=largest)


def _tune(command: ArgumentParser) -> None:
    command.add_argument("function", help="<service>.<function>")
    command.add_argument(
        "--event", default="", help="file with the event to measure with; default: one that does no harm"
    )
    command.add_argument("--sizes", default="128,256,512,1024,1769", help="memory sizes in MB, with commas")
    command.add_argument("--cold", type=int, default=4, help="cold starts of each size (default 4)")
    command.add_argument("--warm", type=int, default=30, help="warm invocations of each size (default 30)")
    command.add_argument("--dry-run", action="store_true", help="only say what would be done")


def _replay(command: ArgumentParser) -> None:
    command.add_argument("--rule", default="", help="send archived events to this rule of the bus again")
    command.add_argument("--from", dest="begin", default="", help="with --rule: since then (RFC 3339, or 2h ago as 2h)")
    command.add_argument("--to", dest="end", default="", help="with --rule: until then (default now)")
    command.add_argument("--dry-run", action="store_true", help="only say what would be done")


def _log_level(command: ArgumentParser) -> None:
    command.add_argument("function", nargs="?", default="", help="<service>.<function>, a service, or all")
    command.add_argument("level", nargs="?", default="", help="DEBUG, INFO, WARNING, ERROR, or default")
    command.add_argument("--for", dest="period", default="30m", help="how long: 90s, 30m (default), at most 1d")
    command.add_argument("--dry-run", action="store_true", help="only say what would be done")


def _redrive(command: ArgumentParser) -> None:
    chosen = command.add_argument_group("which messages (all of them together)")
    chosen.add_argument("--queue", default="", help="queues with this in their name, or of <service>.<function>")
    chosen.add_argument("--kind", default="", help="queue, rule, schedule, async, stream, workflow, unknown")
    chosen.add_argument("--cause", default="", help="whose cause has this in it")
    chosen.add_argument("--find", default="", help="with this text in them: an order's id")
    chosen.add_argument("--message", default="", help="whose id begins with this")
    chosen.add_argument("--older", default="", help="of at least this age: 15m, 2h, 1d")
    chosen.add_argument("--limit", type=int, default=1000, help="of each queue at most so many (default 1000)")
    deeds = command.add_argument_group("what to do with them (default: list them by cause)")
    deeds.add_argument("--show", action="store_true", help="print them whole, and what a replay would do")
    deeds.add_argument("--replay", action="store_true", help="give them to where they failed")
    deeds.add_argument("--purge", action="store_true", help="delete them (asks first)")
    mended = "replay stream records with their items as the table has them now: after they were mended there"
    deeds.add_argument("--as-they-are", action="store_true", help=mended)
    deeds.add_argument("--dry-run", action="store_true", help="only say what replay or purge would do")
    deeds.add_argument("--rate", type=float, default=10.0, help="replays a second (default 10)")
    deeds.add_argument("--yes", action="store_true", help="do not ask before a purge")
