"""Which commit an environment was deployed from: recorded in Parameter Store, at `/tradepost/<env>/deployment`.

The value is one JSON object, a Revision: commit, dirty (whether files differed from it), at (RFC 3339), by (who). The
parameter's history is the history of the deployments.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scripts.console import fail, say
from scripts.environment import ROOT

if TYPE_CHECKING:
    from scripts.environment import Environment

SHORT = 12


@dataclass(frozen=True, slots=True)
class Revision:
    """What was deployed; `commit` is empty when it did not come from a Git repository."""

    commit: str
    dirty: bool
    at: str = ""
    by: str = ""

    def __str__(self) -> str:
        """Return it in short: "1a2b3c4d5e6f, with changes"."""
        return (self.commit[:SHORT] or "no commit") + (", with changes" if self.dirty else "")


def here() -> Revision:
    """Return what this working tree holds."""
    commit = _git("rev-parse", "HEAD").stdout.strip()
    return Revision(commit, dirty=bool(_git("status", "--porcelain").stdout.strip()))


def deployed(environment: Environment) -> Revision | None:
    """Return what was deployed last; None when nothing was."""
    client = environment.client("ssm")
    try:
        found = client.get_parameter(Name=_name(environment))
    except client.exceptions.ParameterNotFound:
        return None
    return Revision(**json.loads(found["Parameter"]["Value"]))


def record(environment: Environment) -> None:
    """Record that this working tree was deployed, unless that is what the record says."""
    from scripts.deployed import Deployed
    from scripts.rollout.deployments import who

    last, now = deployed(environment), here()
    if last and (last.commit, last.dirty) == (now.commit, now.dirty) and not now.dirty:
        return
    at = datetime.now(UTC).isoformat(timespec="seconds")
    value = asdict(Revision(now.commit, now.dirty, at, who(Deployed(environment, {}))))
    environment.client("ssm").put_parameter(
        Name=_name(environment), Type="String", Overwrite=True, Value=json.dumps(value)
    )


def forget(environment: Environment) -> None:
    """Remove the record, of an environment that was destroyed."""
    client = environment.client("ssm")
    try:
        client.delete_parameter(Name=_name(environment))
    except client.exceptions.ParameterNotFound:
        return


def refuse_older(environment: Environment) -> None:
    """Stop where this commit would take the environment back to before what it runs.

    Raises:
        Failure: it would.
    """
    last, now = deployed(environment), here()
    if last is None or not last.commit or last.commit == now.commit:
        return
    if _is_ancestor(now.commit, last.commit):
        fail(
            f"{environment.name} runs {last}, which is newer than {now}: a deployment of this commit would undo it",
            "deploy the newer one; to go back on purpose: make rollback for functions, or ARGS=--older for all of it",
        )
    if not _is_ancestor(last.commit, now.commit):
        say(f"warning: {environment.name} runs {last}, which is no ancestor of {now}", style="yellow")


def _is_ancestor(older: str, newer: str) -> bool:
    return _git("merge-base", "--is-ancestor", older, newer).returncode == 0


def _name(environment: Environment) -> str:
    return f"/tradepost/{environment.name}/deployment"


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
