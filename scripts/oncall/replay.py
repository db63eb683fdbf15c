"""`make replay`: rebuild what is derived from events, or send archived events through a rule again."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from scripts.console import fail, say, step
from scripts.deployed import Deployed
from scripts.logs import seconds
from scripts.oncall import audit
from scripts.oncall.measure import Measured, Range, listed
from scripts.oncall.redrive.topology import targets

if TYPE_CHECKING:
    from scripts.console import Step
    from scripts.environment import Environment

PAGE = 200
POLL_SECONDS = 2.0
LOCAL_POLL_SECONDS = 0.2
ENDED = ("COMPLETED", "CANCELLED", "FAILED")
FUNCTION = "replay"
"""What a service calls the function that rebuilds its read model: {next, limit} in, figures and `next` out."""


def replay(environment: Environment, *, rule: str = "", begin: str = "", end: str = "", dry_run: bool = False) -> None:
    """Rebuild every service's read model from its events; with `rule` send archived events to that rule again.

    Args:
        environment: where.
        rule: name of a rule of the stack's bus, with or without the stack's name before it.
        begin: the first event's time: RFC 3339, or how long ago (2h).
        end: the last event's time; now if it is not given.
        dry_run: say what would be done.

    Raises:
        Failure: something could not be rebuilt or sent.
    """
    stack = Deployed.read(environment)
    if rule:
        _events(
            stack, rule, _moment(begin, "--from"), _moment(end, "--to") if end else datetime.now(UTC), dry_run=dry_run
        )
        return
    if begin or end:
        fail("--from and --to choose archived events for a rule", "give --rule too; a rebuild is always of everything")
    keys = [key for key in sorted(stack.outputs["functions"]) if key.endswith(f".{FUNCTION}")]
    if dry_run:
        say(f"would call {', '.join(keys)} until each has been through all of its events; traffic may go on meanwhile")
        return
    with audit.action(stack, "replay projections", functions=keys) as result:
        for key in keys:
            result[key] = dict(rebuild(stack, key))


def rebuild(stack: Deployed, key: str) -> Counter[str]:
    """Call a service's replay function until it has been through all of its events; return its figures, added up.

    Raises:
        Failure: the function failed, or could not rebuild something.
    """
    function = stack.function(key)
    client = stack.environment.client("lambda")
    figures: Counter[str] = Counter()
    following: str | None = None
    calls = 0
    with step(f"Replaying the events of {key.partition('.')[0]}") as current:
        while calls == 0 or following is not None:
            answer = _invoke(client, function["alias_arn"], {"next": following, "limit": PAGE})
            following, calls = answer.pop("next"), calls + 1
            figures.update({name: int(value) for name, value in answer.items()})
            current.note(f"{_listed(figures)} in {calls} calls")
        current.result = _listed(figures)
    if figures["failed"]:
        fail(
            f"{figures['failed']} of {key} could not be rebuilt", f"why: make logs FUNCTION={key} ARGS='--level ERROR'"
        )
    return figures


def _listed(figures: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in figures.items())


def _invoke(client: Any, function: str, event: dict[str, Any]) -> dict[str, Any]:
    answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
    payload = answer["Payload"].read()
    if answer.get("FunctionError"):
        fail(
            f"{function} failed: {payload.decode(errors='replace')}", "its log group tells more; replay may be repeated"
        )
    result: dict[str, Any] = json.loads(payload)
    return result


def _events(stack: Deployed, name: str, begin: datetime, end: datetime, *, dry_run: bool) -> None:
    """Send the archived events of a time to one rule again."""
    if begin >= end:
        fail(f"--from {begin:%Y-%m-%d %H:%M:%S} is not before --to {end:%Y-%m-%d %H:%M:%S}", "times are UTC")
    client, bus = stack.environment.client("events"), stack.outputs["event_bus_name"]
    rule = _rule(client, bus, name, stack.name)
    receivers = [target["Arn"].split(":", 5)[5] for target in targets(client, bus, rule["Name"])]
    archive = client.describe_archive(ArchiveName=bus)
    times = f"{begin:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} UTC"
    text = f"events of {times} through rule {rule['Name']} to {', '.join(receivers)}"
    published = _published(stack, begin, end)
    if dry_run:
        say(f"would send {text}; {published:.0f} events were published in that time, the rule lets its own through")
        return
    details = {"rule": rule["Name"], "begin": str(begin), "end": str(end)}
    with audit.action(stack, "replay events", **details) as result, step(f"Replaying {text}") as current:
        started = client.start_replay(
            ReplayName=f"{stack.name}-{datetime.now(UTC):%Y%m%d-%H%M%S}",
            EventSourceArn=archive["ArchiveArn"],
            EventStartTime=begin,
            EventEndTime=end,
            Destination={"Arn": archive["EventSourceArn"], "FilterArns": [rule["Arn"]]},
        )
        replay_name = started["ReplayArn"].rpartition("/")[2]
        result |= {"replay": replay_name}
        state = _follow(stack, client, replay_name, current, begin, end)
        result |= {"state": state}
        current.failed = state != "COMPLETED"
        current.result = state.lower()
    if state != "COMPLETED":
        fail(
            f"the replay {replay_name} ended as {state}",
            "look at it in EventBridge, and start it again from where it was",
        )
    say("consumers are idempotent by event_id: what they had handled before they drop")


def _rule(client: Any, bus: str, name: str, stack: str) -> dict[str, Any]:
    pages = client.get_paginator("list_rules").paginate(EventBusName=bus)
    rules = {rule["Name"]: rule for page in pages for rule in page["Rules"]}
    found: dict[str, Any] | None = rules.get(name) or rules.get(f"{stack}-{name}")
    if found is None:
        fail(f"bus {bus} has no rule {name!r}", f"rules: {', '.join(sorted(rules)) or 'none yet'}")
    return found


def _published(stack: Deployed, begin: datetime, end: datetime) -> float:
    client = stack.environment.client("cloudwatch")
    metrics = listed(client, stack.name, "EventsPublished")
    measured = Measured(client, metrics, Range(begin.timestamp(), end.timestamp()))
    return sum(measured[metric] for metric in metrics)


def _follow(stack: Deployed, client: Any, name: str, current: Step, begin: datetime, end: datetime) -> str:
    """Wait until the replay has ended; one that is interrupted is canceled."""
    poll = LOCAL_POLL_SECONDS if stack.environment.is_local else POLL_SECONDS
    try:
        while True:
            found = client.describe_replay(ReplayName=name)
            if found["State"] in ENDED:
                return str(found["State"])
            last = found.get("EventLastReplayedTime")
            done = f"{100 * (last - begin) / (end - begin):.0f} %" if last else "no event yet"
            current.note(f"{found['State'].lower()}, {done}")
            time.sleep(poll)
    except KeyboardInterrupt:
        client.cancel_replay(ReplayName=name)
        say(f"canceled {name}; what was sent stays sent", style="yellow")
        raise


def _moment(text: str, option: str) -> datetime:
    if not text:
        fail(f"{option} is missing", "give a time (2026-01-31T08:00:00Z) or how long ago (2h)")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.now(UTC) - timedelta(seconds=seconds(text))
    return found.replace(tzinfo=found.tzinfo or UTC)
