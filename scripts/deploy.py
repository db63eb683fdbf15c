"""Brings an environment up to date, and takes it down: `make up`, `status`, `down`, `destroy`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts import payment_provider
from scripts.console import confirm, console, duration, fail, say, show_table, step
from scripts.delivery import revision
from scripts.deployed import Deployed
from scripts.environment import ROOT, Environment
from scripts.terraform import Terraform, show_changes

if TYPE_CHECKING:
    from scripts.terraform_events import Progress

API_DEPLOYMENT = "module.rest_api.aws_api_gateway_deployment.this"


def up(
    environment: Environment,
    *,
    yes: bool = False,
    canary: bool = False,
    built: bool = False,
    older: bool = False,
    markdown: str = "",
) -> bool:
    """Start the local cloud if it is the target, build, and apply; return whether anything was deployed.

    On AWS it shows the plan and asks, unless `yes`; what it published waits for a rollout. On the local cloud new
    versions get all traffic at once, for a short loop between a change and its effect, unless `canary`. With `built`
    it takes build/ as it is, once that was verified. A commit that AWS runs a newer one of is refused, unless `older`.
    `markdown` is a file that gets a report of what it applies.

    Raises:
        Failure: a step failed; the hint says what to do.
    """
    started = time.monotonic()
    if not environment.is_local and not older:
        revision.refuse_older(environment)
    terraform, planned = make_plan(environment, built=built)
    if markdown:
        from scripts.delivery.plan_report import report

        Path(markdown).write_text(report(terraform.show_plan(), f"Applied to {environment.name}"), encoding="utf-8")
    if not planned.changes and not planned.output_changes:
        revision.record(environment)
        # An earlier run may have been stopped between the apply and the release.
        if _finish(environment, canary=canary):
            return True
        say(
            f"{environment.name} is up to date: nothing changed ({duration(time.monotonic() - started)})", style="green"
        )
        return False
    if not environment.is_local and not yes:
        show_changes(planned)
        confirm(f"apply to {environment.name}")
    terraform.apply(planned)
    if _removes_a_route(planned):
        # Terraform deletes a route only after it has made the new deployment, which therefore still serves it.
        terraform.apply(terraform.plan(replace=API_DEPLOYMENT))
    revision.record(environment)
    _finish(environment, canary=canary)
    say(f"{environment.name} is deployed ({duration(time.monotonic() - started)})", style="green")
    return True


def _removes_a_route(planned: Progress) -> bool:
    return any(
        ".aws_api_gateway_method." in address and action in ("delete", "replace")
        for address, action in planned.changes.items()
    )


def make_plan(environment: Environment, *, built: bool = False, lock: bool = True) -> tuple[Terraform, Progress]:
    """Build, or with `built` verify what was built, and plan; return the plan's Terraform and what would change.

    Raises:
        Failure: the plan cannot be made.
    """
    if environment.is_local:
        start_local_cloud(environment)
    if built:
        from scripts.delivery.artifacts import verify

        verify(environment)
    else:
        from scripts.build.command import build

        if not build("host" if environment.is_local else "arm64", table=False):
            console.print("  [green]✓[/green]  Build: nothing changed")
    ensure_buckets(environment)
    terraform = Terraform(environment)
    terraform.init()
    _refuse_during_a_release(environment, terraform)
    return terraform, terraform.plan(lock=lock)


def _refuse_during_a_release(environment: Environment, terraform: Terraform) -> None:
    """End the command while a release is in flight: another version would take the alarms off the one that is judged.

    Terraform refuses as well once an alias has weights; the check of a version is under way before that.
    """
    from scripts.rollout.deployments import Deployments

    outputs = terraform.output()
    if "codedeploy_application" not in outputs:
        return
    if running := Deployments(Deployed(environment, outputs)).in_flight():
        fail(
            f"a release is in flight: {', '.join(sorted({one.group for one in running}))}",
            f"wait for it (make rollout ENV={environment.name} shows it), or end it: "
            f"make rollback FUNCTION={running[0].group} ENV={environment.name}",
        )


def _finish(environment: Environment, *, canary: bool) -> bool:
    """Do what comes after an apply, as far as it was not done before; return whether anything was."""
    stack = Deployed.read(environment)
    connected = environment.is_local and payment_provider.connect(stack)
    return _release(stack, canary=canary) or connected


def _release(stack: Deployed, *, canary: bool) -> bool:
    """Release what was published, or say who does; return whether an alias moved."""
    environment = stack.environment
    if environment.is_local and not canary:
        return bool(promote(stack))
    if waiting := unreleased(stack):
        console.print(f"  [yellow]![/yellow]  Not released yet: {', '.join(waiting)}")
        say(f"release them with: make rollout ENV={environment.name}")
    return False


def unreleased(stack: Deployed) -> list[str]:
    """Return the functions whose alias is not at their newest version, by <service>.<function>, sorted."""
    client = stack.environment.client("lambda")
    functions: dict[str, dict[str, Any]] = stack.outputs["functions"]
    return [
        key
        for key, one in sorted(functions.items())
        if client.get_alias(FunctionName=one["name"], Name=one["alias"])["FunctionVersion"] != str(one["version"])
    ]


def promote(stack: Deployed) -> list[str]:
    """Point each function's alias at its newest version, all at once; return the functions that moved.

    Terraform publishes versions and leaves the alias alone, since whoever releases a version owns it.
    """
    from scripts.rollout.readiness import point

    client = stack.environment.client("lambda")
    moved = unreleased(stack)
    for one in (stack.outputs["functions"][key] for key in moved):
        point(client, one["name"], one["alias"], str(one["version"]))
    if moved:
        console.print(f"  [green]✓[/green]  Released: {', '.join(moved)}")
    return moved


def start_local_cloud(environment: Environment) -> None:
    """Start the local cloud unless it runs.

    Raises:
        Failure: it cannot be started.
    """
    from scripts.local import launcher

    running = launcher.status(environment.settings)
    if running is not None:
        console.print(f"  [green]✓[/green]  Local cloud: running at {running.endpoint}")
        return
    with step("Starting the local cloud") as current:
        try:
            current.result = launcher.up(environment.settings, current.note).endpoint
        except launcher.LocalCloudError as error:
            fail(str(error), f"its log: {environment.settings.log_file}")


def ensure_buckets(environment: Environment) -> None:
    """Make the account's buckets for states and artifacts where they are missing: by itself only on the local cloud.

    Raises:
        Failure: they are missing on AWS, where a person makes them once per account.
    """
    missing = [purpose for purpose in ("state", "artifacts") if not _has_bucket(environment, purpose)]
    if not missing:
        return
    if not environment.is_local:
        fail(
            f"account {environment.account_id()} has no bucket {environment.bucket(missing[0])}",
            "once per account: see terraform/bootstrap/README.md",
        )
    bootstrap = Terraform(environment, ROOT / "terraform" / "bootstrap")
    bootstrap.init(f"path={environment.work_dir / 'bootstrap.tfstate'}")
    bootstrap.apply(bootstrap.plan())


def _has_bucket(environment: Environment, purpose: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        environment.client("s3").head_bucket(Bucket=environment.bucket(purpose))
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchBucket"):
            return False
        fail(f"cannot look at bucket {environment.bucket(purpose)}: {error}", "check the credentials in use")
    return True


def destroy(environment: Environment, *, yes: bool = False) -> None:
    """Destroy all that the environment deployed, after asking.

    Raises:
        Failure: not confirmed, or something cannot be destroyed.
    """
    if environment.is_local:
        start_local_cloud(environment)
        if not _has_bucket(environment, "state"):
            say("local is not deployed: there is nothing to destroy")
            return
    terraform = Terraform(environment)
    terraform.init()
    planned = terraform.plan(destroy=True)
    if not planned.changes:
        say(f"{environment.name} is not deployed: there is nothing to destroy")
        return
    show_changes(planned)
    if not yes:
        confirm(f"destroy {environment.name}")
    terraform.apply(planned)
    revision.forget(environment)


def down(environment: Environment) -> None:
    """Stop the local cloud; what it stores stays.

    Raises:
        Failure: it does not stop.
    """
    from scripts.local import launcher

    with step("Stopping the local cloud") as current:
        try:
            stopped = launcher.down(environment.settings)
        except launcher.LocalCloudError as error:
            fail(str(error), f"its log: {environment.settings.log_file}")
        current.result = "stopped; its data stays" if stopped else "it was not running"


def status(environment: Environment) -> None:
    """Show what runs and where.

    Raises:
        Failure: the environment cannot be read.
    """
    rows = [("environment", environment.name)]
    if environment.is_local:
        from scripts.local import launcher

        running = launcher.status(environment.settings)
        if running is None:
            rows.append(("local cloud", "stopped (make up starts it)"))
            show_table(["", ""], rows)
            return
        cloud = f"{running.endpoint}, pid {running.pid}, ministack {running.ministack}"
        memory = (
            f"server {running.memory} MB, {running.environments} function environments {running.functions_memory} MB"
        )
        rows += [("local cloud", cloud), ("since", running.started_at), ("log", str(environment.settings.log_file))]
        rows += [("memory", memory), ("payment provider", payment_provider.url(environment))]
    outputs = Terraform(environment).output() if _has_bucket(environment, "state") else {}
    if outputs:
        stack = Deployed(environment, outputs)
        rows += [("API", stack.api_url()), ("event bus", str(outputs["event_bus_name"]))]
        rows += [("partner", name) for name in sorted(outputs["partner_api_keys"])]
        rows += [("function", f"{key}: {value['name']}") for key, value in sorted(outputs["functions"].items())]
    else:
        rows.append(("stack", f"not deployed (make up ENV={environment.name})"))
    show_table(["", ""], rows)
