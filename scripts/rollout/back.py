"""`make rollback` and `make releases`."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from scripts.console import duration, fail, say, show_table
from scripts.deployed import Deployed
from scripts.rollout.change import Change, function, serving
from scripts.rollout.command import finish, in_flight
from scripts.rollout.deployments import Deployment, Deployments, who
from scripts.rollout.prune import audit_name
from scripts.rollout.readiness import point
from scripts.rollout.record import Records, catch_up
from scripts.rollout.view import follow
from scripts.rollout.watch import ROLLED_BACK, Release, Watch

if TYPE_CHECKING:
    from scripts.environment import Environment

SHOWN = 30
PER_FUNCTION = 10
REASONS = {
    "ALARM_ACTIVE": "alarm",
    "HOOK_EXECUTION_FAILURE": "check failed",
    "TIMEOUT": "check did not answer",
    "MANUAL_STOP": "stopped by a person",
}


def rollback(environment: Environment, *, service: str = "", only: str = "") -> None:
    """Take functions back to the last known good version before the one they serve, all at once.

    `service` takes back all functions of a service that have such a version, `only` one by <service>.<function>. What
    is being released is stopped, which takes it back.

    Raises:
        Failure: there is nothing to go back to, or it could not be done.
    """
    stack = Deployed.read(environment)
    keys = _chosen(stack, service, only)
    deployments, records = Deployments(stack), Records(environment)
    if running := in_flight(deployments, keys):
        _stop(stack, deployments, running)
        return
    catch_up(deployments, records)
    straight = [key for key in keys if _straighten(stack, records, key)]
    found = [change for key in keys if key not in straight and (change := _back(stack, records, key))]
    if straight and not found:
        return
    if not found:
        fail(
            f"no earlier release is recorded of {', '.join(keys)}",
            "only what `make rollout` released can be taken back; to go back further, deploy the older commit",
        )
    for key in sorted(set(keys) - set(straight) - {change.key for change in found}):
        say(f"  {key} stays: no earlier release of it is recorded", style="dim")
    by = who(stack)
    started = [Release(one, deployments.start(one, by=by, canary=False, judged=False)) for one in found]
    finish(stack, deployments, started, done="back at the last known good version", forth=False)


def _chosen(stack: Deployed, service: str, only: str) -> list[str]:
    known = sorted(stack.outputs["functions"])
    keys = [key for key in known if key == only or (service and key.startswith(f"{service}."))]
    if bool(service) == bool(only):
        fail("say what to take back", "FUNCTION=<service>.<function> or SERVICE=<service>")
    if not keys:
        fail(f"there is no {only or service} in {stack.environment.name}", f"functions: {', '.join(known)}")
    return keys


def _stop(stack: Deployed, deployments: Deployments, running: list[Release]) -> None:
    for one in running:
        if not deployments.read([one.deployment_id])[one.deployment_id].ended:
            say(f"{one.change.key} is being released: stopping {one.deployment_id}")
            deployments.stop(one.deployment_id)
    follow(Watch(stack, deployments, running))
    left = [one.change.key for one in running if one.state != ROLLED_BACK]
    if left:
        fail(f"not taken back: {', '.join(left)}", "look at what their aliases serve: make releases")


def _straighten(stack: Deployed, records: Records, key: str) -> bool:
    """Take away weights that no release needs; return whether there were any.

    They were left by hand, or by provisioned environments that could not be started. CodeDeploy releases no such alias.
    """
    known = stack.outputs["functions"][key]
    client = stack.environment.client("lambda")
    _, weights = serving(client, known["name"], known["alias"])
    last = records.last(key)
    if not weights or last is None:
        return False
    point(client, known["name"], known["alias"], last.version)
    say(f"{key} had weights though no release is in flight: it is back at version {last.version}", style="green")
    return True


def _back(stack: Deployed, records: Records, key: str) -> Change | None:
    """Return the way back of one function; None when no earlier release is recorded."""
    known = stack.outputs["functions"][key]
    client = stack.environment.client("lambda")
    current, _ = serving(client, known["name"], known["alias"])
    last = records.last(key)
    if last is None:
        return None
    # Somebody else may have moved the alias since: then what was released last is the way back.
    target = last.previous if last.version == current else last.version
    if not target:
        return None
    if not exists(client, known["name"], target):
        fail(
            f"{key} cannot go back to version {target}: it was pruned",
            "deploy the older commit; what was pruned when and by whom: "
            f"aws ssm get-parameter-history --name {audit_name(stack.environment)}",
        )
    return function(stack, key, current, target)


def exists(client: Any, name: str, version: str) -> bool:
    """Whether a function has this version."""
    try:
        client.get_function_configuration(FunctionName=name, Qualifier=version)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True


def releases(environment: Environment) -> None:
    """Show the newest deployments: when, what, from and to which version, by whom, and how it ended.

    Raises:
        Failure: the environment is not deployed.
    """
    stack = Deployed.read(environment)
    deployments = Deployments(stack)
    groups = sorted(one["deployment_group"] for one in stack.outputs["functions"].values())
    found = [one for group in groups for one in deployments.of_group(group, limit=PER_FUNCTION)]
    found.sort(key=lambda one: one.created, reverse=True)
    if not found:
        say(f"{environment.name}: nothing was released through CodeDeploy yet (make rollout ENV={environment.name})")
        return
    columns = ("when (UTC)", "function", "from>", "to>", "by", "took>", "result", "deployment")
    show_table(columns, [_row(deployments, one) for one in found[:SHOWN]])


def _row(deployments: Deployments, one: Deployment) -> tuple[str, ...]:
    change = deployments.change(one)
    versions = (change.current, change.target) if change else ("", "")
    took = duration((one.finished - one.created).total_seconds()) if one.finished else ""
    when = f"{one.created.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return (when, one.group, *versions, one.by, took, result(one), one.id)


def result(deployment: Deployment) -> str:
    """Return how a deployment ended, in a person's words."""
    if not deployment.ended:
        return "in flight"
    if deployment.undoes:
        return (
            f"undid {deployment.undoes}" if deployment.status == "Succeeded" else f"could not undo {deployment.undoes}"
        )
    if deployment.status == "Succeeded":
        return "released"
    reason = REASONS.get(deployment.error_code, deployment.error_code or deployment.status)
    return f"rolled back: {reason}" if deployment.rolled_back_by else f"failed: {reason}"
