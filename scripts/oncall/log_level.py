"""`make log-level`: have functions log more, or less, for a while, without a deployment and without a new version.

It writes the parameter that functions look at (shared/log_level.py): `/tradepost/<env>/log-level/<service>.<function>`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from scripts.console import fail, say, show_table
from scripts.deployed import Deployed
from scripts.logs import seconds
from scripts.oncall import audit
from shared.clock import from_text, to_text
from shared.log_level import CHECK_SECONDS, LEVELS

if TYPE_CHECKING:
    from scripts.environment import Environment

DEFAULT = "default"
LONGEST_SECONDS = 86400


def log_level(
    environment: Environment, *, function: str = "", level: str = "", period: str = "30m", dry_run: bool = False
) -> None:
    """Change the log level of functions, or show what was changed.

    Args:
        environment: where.
        function: <service>.<function>, a service, or all; none lists what is changed.
        level: DEBUG, INFO, WARNING, ERROR; default ends the change.
        period: for how long: 30m, 2h, at most 1d.
        dry_run: say what would be done.

    Raises:
        Failure: there is no such function or level.
    """
    stack = Deployed.read(environment)
    prefix = f"/tradepost/{environment.name}/log-level/"
    if not function:
        _show(environment, prefix)
        return
    known = sorted(stack.outputs["functions"])
    keys = [key for key in known if function in (key, key.partition(".")[0], "all")]
    if not keys:
        fail(f"there is no function {function!r}", f"FUNCTION is all, a service, or one of: {', '.join(known)}")
    wanted = level.upper() if level.lower() != DEFAULT else DEFAULT
    if wanted not in (*LEVELS, DEFAULT):
        fail(f"{level!r} is no level", f"LEVEL is {', '.join(LEVELS)}, or {DEFAULT} for the deployed one")
    if not 0 < seconds(period) <= LONGEST_SECONDS:
        fail(f"{period} is too long", "FOR is at most 1d; for longer set log_level in terraform/env and deploy")
    until = datetime.now(UTC) + timedelta(seconds=seconds(period))
    says = "their deployed level" if wanted == DEFAULT else f"{wanted} until {until:%H:%M:%S} UTC"
    text = f"{', '.join(keys)}: {says}"
    if dry_run:
        say(f"would set {text}")
        return
    ssm = environment.client("ssm")
    with audit.action(stack, "log-level", functions=keys, level=wanted, period=period):
        for key in keys:
            if wanted == DEFAULT:
                ssm.delete_parameters(Names=[prefix + key])
            else:
                value = json.dumps({"level": wanted, "until": to_text(until)})
                ssm.put_parameter(Name=prefix + key, Value=value, Type="String", Overwrite=True)
    say(text, style="green")
    say(
        f"each environment follows with a request, within {CHECK_SECONDS:.0f} s, and goes back by itself",
        style="dim",
    )


def _show(environment: Environment, prefix: str) -> None:
    pages = environment.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=prefix.rstrip("/"))
    rows = []
    for page in pages:
        for one in page["Parameters"]:
            value = json.loads(one["Value"])
            left = (from_text(value["until"]) - datetime.now(UTC)).total_seconds()
            if left > 0:
                rows.append((one["Name"].removeprefix(prefix), value["level"], f"{left / 60:.0f} min"))
    if rows:
        show_table(("function", "level", "for another>"), sorted(rows))
    else:
        say("every function logs at its deployed level (make log-level FUNCTION=orders.api LEVEL=DEBUG FOR=30m)")
