"""`python -m scripts <command>`: what the Makefile calls.

argparse, and commands that import what they need when they run: `make build` with nothing to do is over in a blink.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from scripts.console import Failure, print_failure
from scripts.environment import NAMES, Environment
from scripts.oncall import options as oncall_options

if TYPE_CHECKING:
    from collections.abc import Sequence

# Command -> (module, function, help). A command with "env" is called with its Environment first.
COMMANDS = {
    "build": ("build.command", "build", "build the ZIPs and the manifest"),
    "up": ("deploy", "up", "bring an environment up to date"),
    "plan": ("delivery.plan", "plan", "show what `up` would change"),
    "drift": ("delivery.plan", "drift", "show what differs from the commit that was deployed"),
    "revision": ("delivery.plan", "show_revision", "print the commit that was deployed"),
    "verify": ("delivery.artifacts", "verify", "check that build/, or what serves, is what was built"),
    "status": ("deploy", "status", "show what runs and where"),
    "logs": ("logs", "show", "read the logs of functions and of the gateway, or follow them"),
    "traces": ("traces", "show", "list recent traces, or show those of an order or a request as trees"),
    "dashboards": ("dashboards.command", "draw", "draw the deployed dashboards with their data into one page"),
    "replay": ("oncall.replay", "replay", "rebuild read models from the events, or send archived events again"),
    "rollout": ("rollout.command", "rollout", "release every function's newest version, judged by its alarms"),
    "rollback": ("delivery.rollback", "rollback", "go back to the last known good version"),
    "releases": ("rollout.back", "releases", "show who released what, when, and how it ended"),
    "order": ("oncall.order.command", "show", "show all that is known of one order, in one timeline"),
    "doctor": ("oncall.doctor.command", "examine", "say what is not well and what to change; exit 1 if anything is"),
    "cost": ("oncall.cost.command", "show", "work out what orders cost and what stops traffic from growing"),
    "redrive": ("oncall.redrive.command", "redrive", "list what failed for good, show it, replay or purge it"),
    "tune": ("oncall.tune.command", "tune", "measure a function at several memory sizes and recommend one"),
    "log-level": ("oncall.log_level", "log_level", "change the log level of functions for a while"),
    "audit": ("oncall.audit", "show", "show who did what with these commands"),
    "e2e": ("e2e", "run", "run the smoke suite against a deployed environment"),
    "prune": ("rollout.prune", "prune", "delete old versions of functions and layers that nothing can need"),
    "destroy": ("deploy", "destroy", "destroy all that an environment deployed"),
    "down": ("deploy", "down", "stop the local cloud; what it stores stays"),
    "demo": ("demo", "run", "deploy, then follow one order through the platform"),
    "bench": ("bench.command", "bench", "measure cold start, import time, warm overhead and packaging"),
    "test-terraform": ("terraform_tests", "run", "run `terraform test` on every module and on the root stack"),
    "docs": ("workflow_docs", "write", "write the pages that are made from workflow definitions"),
    "lint": ("checks", "lint", "run every check that reads the sources without running them"),
    "fmt": ("checks", "fmt", "format Python and Terraform"),
    "lock": ("locks", "lock", "resolve every requirements file to a locked set"),
}
ONCALL = ("cost", "doctor", "order", "redrive", "tune", "log-level", "audit")
WITH_ENVIRONMENT = (
    *("up", "plan", "drift", "revision", "verify", "status", "logs", "traces", "dashboards", "replay"),
    *("rollout", "rollback", "releases", "prune", "e2e", "destroy", "down", "demo"),
    *ONCALL,
)


def parse(arguments: Sequence[str]) -> Namespace:
    """Return the command and its options; exit with the usage when they make no sense."""
    parser = ArgumentParser(prog="python -m scripts", description="Build, deploy and look after Tradepost.")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    options = {name: commands.add_parser(name, help=about) for name, (_, _, about) in COMMANDS.items()}
    for name in WITH_ENVIRONMENT:
        options[name].add_argument("--env", default="local", choices=NAMES, help="default: local")
    for name in ("up", "destroy"):
        options[name].add_argument("--yes", action="store_true", help="do not ask")
    release = "leave new versions to `make rollout` (always so on AWS)"
    options["up"].add_argument("--canary", action="store_true", help=release)
    for name in ("up", "plan"):
        options[name].add_argument("--built", action="store_true", help="take build/ as it is, after verifying it")
    options["up"].add_argument("--older", action="store_true", help="deploy a commit older than what runs on AWS")
    for name in ("up", "plan", "drift"):
        options[name].add_argument("--markdown", default="", metavar="FILE", help="also write a report for people")
    options["plan"].add_argument("--comment", type=int, default=0, metavar="NUMBER", help="tell this pull request")
    options["drift"].add_argument("--issue", action="store_true", help="tell it in the environment's issue on GitHub")
    options["verify"].add_argument("--manifest", default="", metavar="SHA256", help="the digest of build/manifest.json")
    options["verify"].add_argument("--serving", action="store_true", help="also that functions serve these ZIPs")
    apart = "release also what cannot be canaried"
    options["rollout"].add_argument("--all-at-once", action="store_true", help=apart)
    options["rollout"].add_argument("--retry", action="store_true", help="also versions that did not stay before")
    probe = "send synthetic traffic to functions with too little of their own"
    options["rollout"].add_argument("--probe", action="store_true", help=probe)
    kept = "newest versions of each function that stay in any case (default 5)"
    options["prune"].add_argument("--keep", type=int, default=5, help=kept)
    options["prune"].add_argument("--dry-run", action="store_true", help="show it and delete nothing")
    options["rollback"].add_argument("--service", default="", help="all functions of this service")
    options["rollback"].add_argument("--function", dest="only", default="", help="one function: <service>.<function>")
    options["e2e"].add_argument("--service", default="", help="only this service's tests")
    options["e2e"].add_argument("-k", dest="expression", default="", help="only tests whose names match")
    options["rollback"].add_argument("--since", default="", metavar="TIME", help="all that was released since then")
    _add_reading(options["logs"], options["traces"])
    oncall_options.add(options)
    options["dashboards"].add_argument("--since", default="", help="how far back: 30m, 3h (default), 7d")
    options["dashboards"].add_argument("--output", default="", help="file; default: build/dashboards-<env>.html")
    options["build"].add_argument(
        "--platform", default="host", help="arm64, x86_64, or host for this machine (default)"
    )
    options["bench"].add_argument("--quick", action="store_true", help="fewer rounds and variants")
    options["bench"].add_argument("--rounds", type=int, default=0, help="how often each variant is started")
    options["lock"].add_argument("--upgrade", action="store_true", help="take newer versions")
    options["test-terraform"].add_argument("only", nargs="*", help="modules by name, or root; default: all")
    return parser.parse_args(arguments)


def _add_reading(logs: ArgumentParser, traces: ArgumentParser) -> None:
    """Add the options of what reads back what happened."""
    for options, found in ((logs, "log lines"), (traces, "traces")):
        options.add_argument(
            "find", nargs="?", default="", help=f"only {found} with this order, correlation, request or trace id"
        )
        options.add_argument("--since", default="15m", help="how far back: 90s, 15m (default), 2h, 1d")
    logs.add_argument("--service", default="", help="only this service's functions")
    logs.add_argument("--function", default="", help="only this function: api, or orders.api")
    logs.add_argument("--level", default="", help="only this level and worse: INFO, WARNING, ERROR")
    logs.add_argument("--follow", "-f", action="store_true", help="go on and print new lines as they come")
    logs.add_argument("--raw", action="store_true", help="print events as they were written")
    traces.add_argument("--filter", dest="filter_expression", default="", help="for the list: 'fault', 'duration > 1'")


def run(arguments: Sequence[str]) -> None:
    """Run one command.

    Raises:
        Failure: it could not be done.
    """
    given: dict[str, Any] = vars(parse(arguments))
    module, function, _ = COMMANDS[given.pop("command")]
    target = [Environment.named(given.pop("env"))] if "env" in given else []
    getattr(import_module(f"scripts.{module}"), function)(*target, **given)


def main() -> int:
    """Run the command of the process's arguments; return the exit status."""
    try:
        run(sys.argv[1:])
    except Failure as failure:
        print_failure(failure)
        return 1
    except KeyboardInterrupt:
        print_failure(Failure("interrupted", "run it again: every command continues from what is there"))
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
