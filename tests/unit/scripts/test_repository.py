"""What must hold between the repository's own files."""

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.__main__ import COMMANDS, parse
from scripts.environment import ROOT

WORKFLOWS = sorted((ROOT / ".github").glob("*/**/*.yml"))
LAYER, DEVELOPMENT = ROOT / "shared" / "requirements.txt", ROOT / "requirements-dev.txt"
SERVICES = sorted((ROOT / "services").glob("*/requirements.txt"))
LOCKS = [LAYER, *SERVICES, DEVELOPMENT]


def pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock.read_text(), re.MULTILINE))


def test_every_service_is_under_the_import_contracts() -> None:
    services = {path.parent.name for path in (ROOT / "services").glob("*/__init__.py")}
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = {one["id"]: one for one in linter["contracts"]}
    assert services <= set(linter["root_packages"])
    assert services == set(contracts["layers"]["containers"])
    assert services == set(contracts["services-are-strangers"]["modules"])
    assert services == set(contracts["shared-below-services"]["forbidden_modules"])
    assert {f"{name}.domain" for name in services} == set(contracts["pure-domain"]["source_modules"])
    for contract in ("runtime-apart-from-tooling", "one-tracing-adapter"):
        assert services | {"shared"} == set(contracts[contract]["source_modules"])


@pytest.mark.parametrize("lock", [LAYER, *SERVICES], ids=lambda path: path.parent.name)
def test_tests_run_on_the_versions_that_ship(lock: Path) -> None:
    shipped, development = pins(lock), pins(DEVELOPMENT)
    assert shipped
    assert {name: development.get(name) for name in shipped} == shipped


@pytest.mark.parametrize("lock", SERVICES, ids=lambda path: path.parent.name)
def test_a_service_ships_nothing_that_the_layer_has(lock: Path) -> None:
    assert not pins(lock).keys() & pins(LAYER).keys()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_locks_have_hashes_and_name_no_server(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "--index-url" not in text
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert not [block.split()[0] for block in blocks if "--hash=sha256:" not in block]


def test_help_lists_every_target_and_every_command_has_one() -> None:
    shown = subprocess.run(["make", "-C", str(ROOT), "help"], capture_output=True, text=True, check=True).stdout
    listed = set(re.findall(r"^  \x1b\[36m([a-z0-9-]+) *\x1b", shown, re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text()
    assert listed == set(re.findall(r"^([a-z][a-z0-9-]*):", makefile, re.MULTILINE))
    assert set(COMMANDS) <= listed
    assert set(re.findall(r"\$\(RUN\) ([a-z0-9-]+)", makefile)) == set(COMMANDS)


def test_actions_are_pinned_by_commit() -> None:
    used = [found for file in WORKFLOWS for found in re.findall(r"uses: (\S+)(.*)", file.read_text())]
    others = [(action, comment) for action, comment in used if not action.startswith("$/")]
    assert others
    for action, comment in others:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)
    assert len(set(others)) == len({action.partition("@")[0] for action, _ in others}), "one version of each"


def runs(part: Any) -> Iterator[str]:
    """The scripts of a workflow or of an action."""
    if isinstance(part, dict):
        yield from [part["run"]] if isinstance(part.get("run"), str) else []
        part = list(part.values())
    for one in part if isinstance(part, list) else []:
        yield from runs(one)


def test_workflows_call_targets_with_options_that_exist() -> None:
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    scripts = [script for file in WORKFLOWS for script in runs(yaml.safe_load(file.read_text()))]
    calls = [
        call for script in scripts for call in re.findall(r"^.*?\bmake (?:--silent )?([^)\n]+)", script, re.MULTILINE)
    ]
    assert {call.split()[0] for call in calls} >= {
        "build",
        "verify",
        "up",
        "rollout",
        "e2e",
        "rollback",
        "plan",
        "drift",
    }
    for call in calls:
        # A variable of the shell stands for any value; one that may be empty, for what it is when it is not.
        target, *settings = shlex.split(re.sub(r"\$\{\w+:\+([^}]*)\}", r"\1", re.sub(r"\$\w+", "1", call)))
        assert target in targets
        options = [setting.removeprefix("ARGS=") for setting in settings if setting.startswith("ARGS=")]
        if target in COMMANDS:
            parse([target, *shlex.split(" ".join(options))])
