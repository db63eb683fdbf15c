"""Why a release was rolled back: the alarm, or what the hook found, and the last errors of the new version."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from scripts.console import say

if TYPE_CHECKING:
    from datetime import datetime

    from scripts.deployed import Deployed
    from scripts.rollout.watch import Release

LINES = 5
LINE_LENGTH = 600
# A page of events is a megabyte; a version that fails all the time is known after a few.
PAGES = 5
ERRORS = '?ERROR ?CRITICAL ?"Task timed out" ?"Runtime."'
_HOOK_FAILED = ("HOOK_EXECUTION_FAILURE", "TIMEOUT")


def explain(stack: Deployed, release: Release) -> None:
    """Print why a release did not stay."""
    change, deployment = release.change, release.deployment
    say(f"{change.key}: version {change.target} is {release.state} ({release.deployment_id})", style="bold red")
    if deployment is None:
        return
    if release.cold:
        say(f"  provisioned concurrency: environments of version {change.target} cannot be started: {release.cold}")
        return
    for name, reason in alarms(release).items():
        say(f"  alarm {name}: {reason or 'in ALARM'}")
    say(f"  {deployment.error_code}: {deployment.error}")
    hook = stack.outputs.get("deployment_hook")
    if hook and deployment.error_code in _HOOK_FAILED:
        for event in errors(stack, hook.partition(":")[0], deployment.created):
            if deployment.id in event["message"]:
                say(f"  check: {parsed(event).get('flaw') or text(event)}")
    found = errors(stack, change.function, deployment.created, change.target)
    for line, times in list(Counter(text(event) for event in found).items())[-LINES:]:
        say(f"  log: {line}" + (f" ({times} times)" if times > 1 else ""))
    if traces := list(dict.fromkeys(trace for event in found if (trace := parsed(event).get("xray_trace_id")))):
        say(f"  traces: {', '.join(traces[-LINES:])}")
    if not found:
        say(f"  log: no errors of version {change.target} in /aws/lambda/{change.function}")


def alarms(release: Release) -> dict[str, str]:
    """Return the alarms that ended it, and CloudWatch's reason: those that CodeDeploy names, else those seen."""
    error = release.deployment.error if release.deployment else ""
    named = [name for name in release.change.alarms if name in error]
    return {name: release.fired.get(name, "") for name in named} or dict(release.fired)


def errors(stack: Deployed, function: str, since: datetime, version: str = "") -> list[dict[str, Any]]:
    """Return a function's log events that tell of errors, the oldest first; of one version if it is given."""
    client = stack.environment.client("logs")
    options = {"logGroupName": f"/aws/lambda/{function}", "startTime": int(since.timestamp() * 1000)}
    found: list[dict[str, Any]] = []
    try:
        pages = client.get_paginator("filter_log_events").paginate(filterPattern=ERRORS, **options)
        for number, page in enumerate(pages, 1):
            found += [one for one in page["events"] if f"[{version}]" in one["logStreamName"] or not version]
            if number == PAGES:
                break
    except client.exceptions.ResourceNotFoundException:
        return []
    return sorted(found, key=lambda one: int(one["timestamp"]))


def parsed(event: dict[str, Any]) -> dict[str, Any]:
    """Return a log line's fields; none when it is no JSON object."""
    try:
        found = json.loads(event["message"])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def text(event: dict[str, Any]) -> str:
    """Return a log line in short: what happened and the exception."""
    fields = parsed(event)
    parts = [str(fields[name]) for name in ("message", "exception_name", "errorType", "errorMessage") if name in fields]
    if trace := str(fields.get("exception") or "").strip():
        parts.append(trace.splitlines()[-1])
    return ": ".join(parts or [str(event["message"]).strip()])[:LINE_LENGTH]
