"""States of the alarms on the newest versions."""

from __future__ import annotations

import time
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


def read(client: Any, names: list[str]) -> dict[str, Any]:
    """Return CloudWatch's alarms by name."""
    found: dict[str, Any] = {}
    for start in range(0, len(names), PAGE):
        answer = client.describe_alarms(AlarmNames=names[start : start + PAGE], MaxRecords=PAGE)
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
