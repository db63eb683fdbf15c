"""`make rollout`: release every function whose newest version has not been released."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.console import Failure, duration, fail, say
from scripts.deployed import Deployed
from scripts.rollout import prune
from scripts.rollout.alarms import elsewhere, wait_until_quiet
from scripts.rollout.change import Change, changes, in_waves, unlike
from scripts.rollout.deployments import Deployments, who
from scripts.rollout.probe import Probes
from scripts.rollout.readiness import point, wait_until_active
from scripts.rollout.reasons import explain
from scripts.rollout.record import Records, catch_up
from scripts.rollout.view import follow
from scripts.rollout.watch import RELEASED, ROLLED_BACK, Release, Watch

if TYPE_CHECKING:
    from scripts.environment import Environment

# Deployments of a function that are searched for one of its newest version.
LOOK_BACK = 10


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may ask of a rollout: see `rollout`."""

    all_at_once: bool = False
    retry: bool = False
    probe: bool = False


def rollout(environment: Environment, *, all_at_once: bool = False, retry: bool = False, probe: bool = False) -> None:
    """Release what is new, one deployment per function side by side, and watch until all have ended.

    One that is in flight is watched instead. `all_at_once` releases what cannot be canaried, too; `retry` releases
    versions again that were rolled back or taken back; `probe` sends synthetic traffic to functions with too little of
    their own. What is old enough is pruned after a release in which all went well.

    Raises:
        Failure: something was rolled back, or was not released at all.
    """
    release(Deployed.read(environment), Options(all_at_once, retry, probe))


def release(stack: Deployed, options: Options) -> None:
    """Release what is new in a stack; see `rollout`.

    Raises:
        Failure: something was rolled back, or was not released at all.
    """
    deployments, records = Deployments(stack), Records(stack.environment)
    if running := in_flight(deployments):
        say(f"A rollout is in flight: watching {', '.join(one.change.key for one in running)}; nothing else is started")
        finish(stack, deployments, running, probe=options.probe)
        if left := [one.key for one in changes(stack)]:
            say(f"not released yet: {', '.join(left)} (run it again)", style="yellow")
        return
    catch_up(deployments, records)
    waiting = changes(stack)
    if not waiting:
        name = stack.environment.name
        say(f"{name}: every function serves its newest version, there is nothing to release", style="green")
        return
    apart = unlike_ones(stack, waiting)
    refused = refusals(stack, deployments, waiting, {} if options.all_at_once else apart, options)
    for key, reason in refused.items():
        say(f"{key} is not released: {reason}", style="yellow")
    _in_waves(stack, deployments, [one for one in waiting if one.key not in refused], set(apart), options)
    if refused:
        fail(f"not released: {', '.join(refused)}", "what to do is said above for each")
    prune.after_release(stack)


def refusals(
    stack: Deployed, deployments: Deployments, waiting: list[Change], apart: dict[str, str], options: Options
) -> dict[str, str]:
    """Return the functions that are not released now, and why."""
    refused = {} if options.retry else taken_back(deployments, waiting)
    refused = apart | elsewhere(stack, waiting) | refused
    refused = wait_until_active(stack, [one for one in waiting if one.key not in refused]) | refused
    loud = wait_until_quiet(stack, [one for one in waiting if one.key not in refused])
    return refused | {key: f"{', '.join(names)} is in ALARM and would end it at once" for key, names in loud.items()}


def _in_waves(
    stack: Deployed, deployments: Deployments, ready: list[Change], apart: set[str], options: Options
) -> None:
    """Release the hook, then what it checks."""
    by = who(stack)
    waves = in_waves(stack, ready)
    for number, wave in enumerate(waves, 1):
        later = ", ".join(change.key for one in waves[number:] for change in one)
        if later:
            say(f"{', '.join(one.key for one in wave)} goes first: it checks {later}")
        started = [Release(one, deployments.start(one, by=by, canary=one.key not in apart)) for one in wave]
        try:
            finish(stack, deployments, started, probe=options.probe)
        except Failure:
            if later:
                say(f"not started: {later}", style="yellow")
            raise


def in_flight(deployments: Deployments, keys: list[str] | None = None) -> list[Release]:
    """Return what is being deployed, of every function or of these; a rollback is shown as its cause."""
    active = deployments.in_flight()
    causes = deployments.read([one.undoes for one in active if one.undoes])
    found: list[Release] = []
    for deployment in active:
        shown = causes.get(deployment.undoes, deployment)
        change = deployments.wait_for_change(shown)
        if keys is None or change.key in keys:
            found.append(Release(change, shown.id))
    return found


def taken_back(deployments: Deployments, waiting: list[Change]) -> dict[str, str]:
    """Return the functions whose newest version served before and was left, or did not get that far."""
    found = {}
    for change in waiting:
        for deployment in deployments.of_group(change.group, limit=LOOK_BACK):
            before = deployments.change(deployment)
            if before and change.target in (before.current, before.target):
                found[change.key] = (
                    f"version {change.target} was released before and did not stay (deployment {deployment.id}); "
                    "correct it and deploy a new version, or try it again with ARGS=--retry"
                )
                break
    return found


def unlike_ones(stack: Deployed, waiting: list[Change]) -> dict[str, str]:
    """Return the functions whose two versions cannot share an alias, and why."""
    client = stack.environment.client("lambda")
    return {
        change.key: (
            f"versions {change.current} and {change.target} differ in their {' and '.join(differing)}, and Lambda "
            "splits no traffic between such versions; release that change by itself, with the code as it is, through "
            "ARGS=--all-at-once, and the code after it"
        )
        for change in waiting
        if (differing := unlike(client, change))
    }


def finish(
    stack: Deployed,
    deployments: Deployments,
    releases: list[Release],
    *,
    done: str = "released",
    probe: bool = False,
    forth: bool = True,
) -> None:
    """Watch releases to their end and record the good ones; `done` says what they were.

    `forth` tells that the versions before are good: what cannot be kept warm then goes back to them.

    Raises:
        Failure: one of them did not stay.
    """
    watch = Watch(stack, deployments, releases)
    with Probes(stack, releases) if probe else nullcontext():
        follow(watch)
    records = Records(stack.environment)
    bad = [one for one in releases if one.state != RELEASED]
    for one in releases:
        if one.probes:
            say(f"{one.change.key}: {one.probes}" + (f" ({one.probes.flaw})" if one.probes.flaw else ""))
        if one.state == RELEASED and one.deployment:
            records.released(one.change, one.deployment)
        if one.cold and forth:
            point(stack.environment.client("lambda"), one.change.function, one.change.alias, one.change.current)
            one.state = ROLLED_BACK
    for one in bad:
        explain(stack, one)
    if bad:
        fail(
            f"rolled back: {', '.join(one.change.key for one in bad)}",
            "correct the code and deploy a new version; the runbooks of the alarms: docs/runbooks/",
        )
    longest = max(one.elapsed for one in releases)
    say(f"{done}: {', '.join(one.change.key for one in releases)} ({duration(longest)})", style="green")
