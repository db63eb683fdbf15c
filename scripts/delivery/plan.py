"""`make plan` and `make drift`: what would change, and what changed behind Terraform's back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scripts.console import fail, say
from scripts.delivery import github, revision
from scripts.delivery.plan_report import report
from scripts.deploy import make_plan
from scripts.terraform import show_changes

if TYPE_CHECKING:
    from scripts.environment import Environment


def plan(environment: Environment, *, built: bool = False, markdown: str = "", comment: int = 0) -> bool:
    """Show what `up` would change; return whether there is anything.

    `markdown` is a file that gets a report for people; `comment` is the pull request that gets it as a comment.
    It locks nothing, as nothing is applied: a role that may only read can do it. With `built` it takes build/ as it is.

    Raises:
        Failure: the plan cannot be made, or not be told.
    """
    terraform, planned = make_plan(environment, built=built, lock=False)
    show_changes(planned)
    if markdown or comment:
        text = report(terraform.show_plan(), f"Plan for {environment.name}")
        _write(markdown, text)
        if comment:
            say(f"told: {github.comment(comment, f'plan for {environment.name}', text)}")
    return bool(planned.changes) or planned.output_changes


def drift(environment: Environment, *, markdown: str = "", issue: bool = False) -> None:
    """Compare what runs with the commit that it was deployed from; succeed only when nothing differs.

    `markdown` is a file that gets the report; with `issue` the environment's issue on GitHub is opened, brought up to
    date, or closed.

    Raises:
        Failure: something differs, or cannot be compared.
    """
    _at_the_deployed_commit(environment)
    terraform, planned = make_plan(environment, lock=False)
    subject = f"drift in {environment.name}"
    if not planned.changes and not planned.output_changes:
        _write(markdown, f"## Drift in {environment.name}: none\n")
        if issue and (closed := github.close_issue(subject, "It is as its commit says again.")):
            say(f"closed: {closed}")
        say(f"{environment.name} is as its commit says: nothing differs", style="green")
        return
    show_changes(planned)
    text = report(terraform.show_plan(), f"Drift in {environment.name}") + _what_to_do(environment)
    _write(markdown, text)
    if issue:
        title = f"Drift in {environment.name}: {planned.summary()}"
        say(f"told: {github.open_issue(subject, title, text)}")
    fail(
        f"{environment.name} is not as its commit says: {planned.summary()}",
        f"make up ENV={environment.name} puts it back; or commit what was changed by hand",
    )


def _at_the_deployed_commit(environment: Environment) -> None:
    """Stop where a comparison would tell commits for drift.

    Raises:
        Failure: this is another commit than the environment's.
    """
    last, now = revision.deployed(environment), revision.here()
    if last is None or not last.commit:
        say(f"{environment.name} has no record of its commit: comparing with this one ({now})", style="yellow")
    elif last.commit != now.commit:
        fail(
            f"{environment.name} runs {last}, this is {now}: they differ by commits, too",
            f"git checkout {last.commit}, and again",
        )
    elif last.dirty:
        say(
            f"{environment.name} was deployed by {last.by} from {last}: what was changed shows as drift", style="yellow"
        )


def show_revision(environment: Environment) -> None:
    """Print the commit that the environment was deployed from, alone on a line, for scripts.

    Raises:
        Failure: there is none on record.
    """
    last = revision.deployed(environment)
    if last is None or not last.commit:
        fail(f"{environment.name} has no commit on record", f"make up ENV={environment.name} records it")
    say(last.commit)


def _what_to_do(environment: Environment) -> str:
    return (
        "\nSomebody or something changed this outside of Terraform. Keep the change by committing it, or undo it with "
        f"`make up ENV={environment.name}` (or by running the deployment again).\n"
    )


def _write(file: str, text: str) -> None:
    if file:
        Path(file).write_text(text, encoding="utf-8")
