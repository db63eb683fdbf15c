"""What Lambda still does to a version before it can be released, and to an alias after it has moved.

A version is Pending until Lambda has set it up. An alias with provisioned concurrency that moves keeps its traffic at
the version before, by a weight, until environments of the new one are warm. When they cannot be started it stays so,
and then neither can the alias be released again nor its provisioned concurrency be changed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripts.console import step
from scripts.rollout.change import UNWEIGHTED, serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.deployed import Deployed
    from scripts.rollout.change import Change

ACTIVE_WITHIN_SECONDS = 300.0
POLL_SECONDS = 1.0
CONFLICT_TRIES = 30
_UNDER_WAY = ("Pending", "InProgress")


def wait_until_active(
    stack: Deployed, changes: list[Change], patience: float = ACTIVE_WITHIN_SECONDS
) -> dict[str, str]:
    """Wait until Lambda has set up the versions; return those that cannot be released, and why."""
    client = stack.environment.client("lambda")
    states = {change.key: _state(client, change) for change in changes}
    if not any(_pending(state) for state in states.values()):
        return {key: flaw for key, state in states.items() if (flaw := _flaw(state))}
    started = time.monotonic()
    with step("Waiting for Lambda to set up the new versions") as current:
        while time.monotonic() - started < patience:
            states = {change.key: _state(client, change) for change in changes}
            waiting = [key for key, state in states.items() if _pending(state)]
            if not waiting:
                break
            current.note(", ".join(waiting))
            time.sleep(POLL_SECONDS)
        found = {key: flaw for key, state in states.items() if (flaw := _flaw(state))}
        current.failed = bool(found)
    return found


def _state(client: Any, change: Change) -> dict[str, Any]:
    found: dict[str, Any] = client.get_function_configuration(FunctionName=change.function, Qualifier=change.target)
    return found


def _pending(state: dict[str, Any]) -> bool:
    return state.get("State") in _UNDER_WAY or state.get("LastUpdateStatus") in _UNDER_WAY


def _flaw(state: dict[str, Any]) -> str:
    """Why a version cannot run; empty when it can. Inactive is idle: the first invocation wakes it."""
    if _pending(state):
        return f"Lambda still sets up its version {state.get('Version')}; try again when that is over"
    for status, reason in (("State", "StateReason"), ("LastUpdateStatus", "LastUpdateStatusReason")):
        if state.get(status) == "Failed":
            return (
                f"Lambda could not set up its version {state.get('Version')}: {state.get(reason) or 'no reason given'}"
            )
    return ""


@dataclass(frozen=True, slots=True)
class Warmth:
    """How far an alias is that has moved; `flaw` is why its environments cannot be started."""

    done: bool
    flaw: str = ""


def warmth(client: Any, change: Change) -> Warmth:
    """Return whether the alias sends all its traffic to its version and has the warm environments it should have."""
    try:
        config = client.get_provisioned_concurrency_config(FunctionName=change.function, Qualifier=change.alias)
    except client.exceptions.ProvisionedConcurrencyConfigNotFoundException:
        return Warmth(done=True)
    if config["Status"] == "FAILED":
        return Warmth(done=False, flaw=str(config.get("StatusReason") or "no reason given"))
    _, weights = serving(client, change.function, change.alias)
    return Warmth(done=config["Status"] == "READY" and not weights)


def point(client: Any, function: str, alias: str, version: str) -> None:
    """Send all traffic of an alias to a version; waits while Lambda is busy with the function."""

    def move() -> None:
        client.update_alias(FunctionName=function, Name=alias, FunctionVersion=version, RoutingConfig=UNWEIGHTED)

    _past_conflicts(client, move)


def _past_conflicts(client: Any, call: Callable[[], None]) -> None:
    """Repeat a call that Lambda refuses because another update of the function is under way."""
    for _ in range(CONFLICT_TRIES - 1):
        try:
            return call()
        except client.exceptions.ResourceConflictException:
            time.sleep(POLL_SECONDS)
    return call()
