"""`make test-terraform`: `terraform test` on every module and on the root stack, two at a time.

Nothing of an environment takes part: no state, no credentials, no ZIP. Each module is initialised once, in a data
folder of its own under .cache/, against the providers that the root's lock file names.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts.console import console, duration, fail, say, show_table, step
from scripts.environment import ROOT
from scripts.terraform_program import WORK, program, settings, sources_digest_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

STACK = ROOT / "terraform"
AT_A_TIME = 2
# No test reaches AWS; what little the provider wants to know before it is mocked is this.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_REGION": "eu-west-1"}


@dataclass(frozen=True, slots=True)
class Result:
    """What the tests of one module came to; `seconds` is wall time, initialisation included."""

    name: str
    passed: int
    failed: int
    seconds: float
    output: str
    succeeded: bool


def run(only: Sequence[str] = ()) -> None:
    """Test the named modules ("root" is the stack), or all of them, and print a table.

    Raises:
        Failure: a test failed; its output was printed.
    """
    modules = {name: folder for name, folder in find_modules().items() if not only or name in only}
    if unknown := sorted(set(only) - set(modules)):
        fail(f"no module with tests is called {', '.join(unknown)}", f"there are: {', '.join(find_modules())}")
    program()
    with step(f"Testing {len(modules)} Terraform modules") as current, ThreadPoolExecutor(AT_A_TIME) as pool:
        running = [pool.submit(check, *one) for one in modules.items()]
        for number, done in enumerate(as_completed(running), start=1):
            current.note(f"{number} of {len(modules)} done, last {done.result().name}")
        results = [one.result() for one in running]
        current.result = f"{sum(one.passed for one in results)} passed, {sum(one.failed for one in results)} failed"
        current.failed = not all(one.succeeded for one in results)
    rows = [(one.name, str(one.passed), str(one.failed), duration(one.seconds)) for one in results]
    show_table(["module", "passed>", "failed>", "time>"], rows)
    broken = [one for one in results if not one.succeeded]
    for one in broken:
        console.rule(one.name, style="red")
        say(one.output)
    if broken:
        names = " ".join(one.name for one in broken)
        fail(f"Terraform tests failed in: {names}", f'again, these alone: make test-terraform ARGS="{names}"')


def find_modules() -> dict[str, Path]:
    """Return the folders with tests by name: the root, which takes longest, the modules and the services' stacks."""
    folders = [STACK, *sorted(STACK.glob("modules/*")), *sorted(STACK.glob("services/*")), STACK / "bootstrap"]
    names = {STACK: "root"}
    return {names.get(one, one.name): one for one in folders if list(one.glob("tests/*.tftest.hcl"))}


def check(name: str, folder: Path) -> Result:
    """Initialise one module where needed and run its tests."""
    started = time.monotonic()
    prepared = prepare(name, folder)
    if prepared.returncode != 0:
        output = f"terraform init failed:\n{prepared.stdout}{prepared.stderr}"
        return Result(name, 0, 0, time.monotonic() - started, output, succeeded=False)
    done = terraform(name, folder, "test", "-no-color")
    counts = re.search(r"(\d+) passed, (\d+) failed", done.stdout)
    passed, failed = map(int, counts.groups()) if counts else (0, 0)
    # A suite without a single passed test proves nothing, whatever its exit status.
    succeeded = done.returncode == 0 and passed > 0
    return Result(name, passed, failed, time.monotonic() - started, done.stdout + done.stderr, succeeded)


def prepare(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `terraform init` without a backend, unless it was done for the same sources and providers."""
    lock = STACK / ".terraform.lock.hcl"
    own_lock = folder / ".terraform.lock.hcl"
    if lock.is_file() and not own_lock.is_file():
        own_lock.write_bytes(lock.read_bytes())
    parts = [sources_digest_lines(folder), own_lock.read_text() if own_lock.is_file() else "", repr(program())]
    parts.append(str(_environment(name).get("TF_CLI_CONFIG_FILE")))
    parts += [path.name for path in sorted(folder.glob("tests/*.tftest.hcl"))]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    stamp = data_dir(name) / "init.sha256"
    if stamp.is_file() and stamp.read_text() == digest:
        return subprocess.CompletedProcess([], 0, "", "")
    done = terraform(name, folder, "init", "-no-color", "-backend=false")
    if done.returncode == 0:
        stamp.write_text(digest)
    return done


def terraform(name: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run terraform in a module, apart from every environment."""
    command = [str(program().path), f"-chdir={folder}", *arguments]
    return subprocess.run(command, env=_environment(name), capture_output=True, text=True, check=False)


def data_dir(name: str) -> Path:
    """Return Terraform's own folder for a module."""
    return WORK / "modules" / name


def _environment(name: str) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return settings(inherited | CREDENTIALS, data_dir(name))
