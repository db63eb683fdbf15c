"""`make dashboards`: draw the deployed dashboards with the data they have now."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.console import fail, say, size, step
from scripts.dashboards import data, page
from scripts.dashboards.definitions import duration
from scripts.deployed import Deployed
from scripts.environment import ROOT

if TYPE_CHECKING:
    from scripts.environment import Environment

FOLDER = ROOT / "build"


def draw(environment: Environment, *, since: str = "", output: str = "") -> None:
    """Write all dashboards of an environment into one HTML file, build/dashboards-<env>.html unless `output` says so.

    `since` is how far back the graphs look ("30m", "3h", "7d"); without it, as far as the dashboards do in the console.

    Raises:
        Failure: the environment is not deployed, or `since` is not a time.
    """
    back = duration(f"-P{since.upper()}" if since.endswith("d") else f"-PT{since.upper()}") if since else None
    if since and back is None:
        fail(f"{since!r} is no time to look back", "write it as 30m, 3h or 7d")
    stack = Deployed.read(environment)
    target = Path(output) if output else FOLDER / f"dashboards-{environment.name}.html"
    with step(f"Drawing the dashboards of {environment.name}") as current:
        names, functions = stack.outputs["dashboards"], sorted(stack.outputs["functions"])
        picture = data.fetch(environment, names, functions, datetime.now(UTC), back)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page.render(picture, environment.name))
        current.result = f"{len(names)} dashboards, {len(picture.series)} graphs ({size(target.stat().st_size)})"
    say(str(target))
