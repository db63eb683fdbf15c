"""What must hold between the repository's own files."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from scripts.__main__ import COMMANDS
from scripts.environment import ROOT

LOCKS = [ROOT / "shared" / "requirements.txt", ROOT / "requirements-dev.txt"]


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


def test_tests_run_on_the_versions_that_ship() -> None:
    layer, development = (pins(lock) for lock in LOCKS)
    assert layer
    assert {name: development.get(name) for name in layer} == layer


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
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
    for workflow in (ROOT / ".github" / "workflows").glob("*.yml"):
        used = re.findall(r"uses: (\S+)(.*)", workflow.read_text())
        assert used
        for action, comment in used:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)
