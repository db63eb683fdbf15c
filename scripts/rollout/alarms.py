"""States of the alarms on the newest versions."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any

from scripts.console import step

if TYPE_CHECKING:
    from scripts.deployed import Deployed
    from scripts.rollout.change import Change

ALARM = "ALARM"
PAGE = 100
# An alarm that turned to another version keeps its state until CloudWatch evaluates it again, in a minute or two.
QUIET_WITHIN_SECONDS = 180.0
POLL_SECONDS = 2.0
# What the alarms of module function say in their expression; without it, one invocation is enough.
_ENOUGH = re.compile(r"invocations >= (\d+)")


@dataclass(frozen=True, slots=True)
class Judgment:
    """What an alarm looks at: one version, by periods (seconds), if a period has enough invocations of it."""

    version: str
    period: int
    min_invocations: int


def judgment(alarm: dict[str, Any]) -> Judgment:
    """Return what a canary alarm looks at; no version when it does not tell versions apart."""
    queries = alarm.get("Metrics") or []
    metrics = [one["MetricStat"] for one in queries if "MetricStat" in one]
    dimensions = {one["Name"]: one["Value"] for metric in metrics for one in metric["Metric"]["Dimensions"]}
    enough = _ENOUGH.search(" ".join(str(one.get("Expression") or "") for one in queries))
    period = max((int(metric["Period"]) for metric in metrics), default=60)
    return Judgment(str(dimensions.get("ExecutedVersion", "")), period, int(enough[1]) if enough else 1)


def elsewhere(stack: Deployed, changes: list[Change]) -> dict[str, str]:
    """Return the functions whose alarms are missing or watch another version than the one to be released, and why.

    An apply that was cut off, or goes on, may have published a version and not have turned its alarms to it.
    """
    client = stack.environment.client("cloudwatch")
    known = read(client, sorted({name for change in changes for name in change.alarms}))
    found = {}
    for change in changes:
        watched = {name: judgment(known[name]).version if name in known else "none" for name in change.alarms}
        blind = [f"{name} watches version {version}" for name, version in watched.items() if version != change.target]
        if blind:
            found[change.key] = (
                f"nothing would judge version {change.target}: {', '.join(blind)}; bring it up to date first"
            )
    return found


def read(client: Any, names: list[str]) -> dict[str, Any]:
    """Return CloudWatch's alarms by name."""
    found: dict[str, Any] = {}
    for page in batched(names, PAGE, strict=False):
        answer = client.describe_alarms(AlarmNames=list(page), MaxRecords=PAGE)
        found |= {one["AlarmName"]: one for one in answer["MetricAlarms"]}
    return found


def active(client: Any, changes: list[Change]) -> dict[str, list[str]]:
    """Return the alarms in ALARM by <service>.<function>, of those that have any."""
    states = read(client, sorted({name for change in changes for name in change.alarms}))
    on = {name for name, one in states.items() if one["StateValue"] == ALARM}
    return {change.key: sorted(on & set(change.alarms)) for change in changes if on & set(change.alarms)}


def wait_until_quiet(
    stack: Deployed, changes: list[Change], patience: float = QUIET_WITHIN_SECONDS
) -> dict[str, list[str]]:
    """Wait for alarms that still tell of the version before; return those that stay, which would end a release."""
    client = stack.environment.client("cloudwatch")
    if not active(client, changes):
        return {}
    started = time.monotonic()
    with step("Waiting for alarms that tell of an earlier version") as current:
        while (found := active(client, changes)) and time.monotonic() - started < patience:
            current.note(", ".join(name for names in found.values() for name in names))
            time.sleep(POLL_SECONDS)
        current.failed = bool(found)
    return found
