"""`make lint` and `make fmt`: every check that reads the sources without running them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from scripts.console import fail, say, step
from scripts.environment import ROOT
from scripts.terraform_program import program

PYTHON_SOURCES = ("scripts", "services", "shared", "tests")


@dataclass(frozen=True, slots=True)
class Check:
    """A command that exits non-zero when something is to be corrected; `fix` says how."""

    title: str
    command: tuple[str, ...]
    fix: str
    environment: dict[str, str] = field(default_factory=dict)

    def run(self) -> bool:
        """Run it, print its output if it failed, and return whether it passed."""
        with step(self.title) as current:
            environment = os.environ | self.environment
            done = subprocess.run(self.command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            current.failed = done.returncode != 0
        if done.returncode != 0:
            say(without_overloads(done.stdout + done.stderr).rstrip())
            say(f"  next {self.fix}", style="yellow")
        return done.returncode == 0


def without_overloads(output: str) -> str:
    """Return a check's output without mypy's list of possible signatures: a boto3 client has hundreds."""
    return "".join(line for line in output.splitlines(keepends=True) if ": note:     def " not in line)


def tool(name: str) -> str:
    """Return the path of a program of .venv."""
    return str(Path(sys.executable).parent / name)


def checks() -> list[Check]:
    """Return the checks that this machine can run, the fast ones first."""
    workflows = [str(path.relative_to(ROOT)) for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
    sources = {"PYTHONPATH": f"{ROOT / 'services'}{os.pathsep}{ROOT}"}
    return [
        Check(
            "Python rules (ruff)", (tool("ruff"), "check", "--quiet", *PYTHON_SOURCES), "make fmt corrects many of them"
        ),
        Check("Python format (ruff)", (tool("ruff"), "format", "--check", *PYTHON_SOURCES), "make fmt"),
        Check(
            "Imports between parts (import-linter)",
            (tool("lint-imports"),),
            "see the contracts in pyproject.toml",
            sources,
        ),
        Check("Types (mypy)", (tool("mypy"),), "correct the types"),
        Check(
            "Terraform format", (str(program().path), "fmt", "-check", "-diff", "-recursive", "terraform"), "make fmt"
        ),
        Check(
            "Workflow schema",
            (tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *workflows),
            "correct the workflow",
        ),
        Check(
            "Workflow syntax, expressions and scripts (jactionlint)",
            (tool("jactionlint"), "--no-online", "--no-hints", "--strict-exit", "--profile", "pedantic"),
            "correct the workflow; `.venv/bin/jactionlint --explain=<rule>` tells more",
            # It finds shellcheck, which reads the scripts, on the path.
            {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        ),
        Check(
            "Workflow security (zizmor)",
            (tool("zizmor"), "--quiet", "--offline", "--pedantic", "--no-progress", ".github"),
            "correct the workflow; each finding links to its explanation",
        ),
    ]


def lint() -> None:
    """Run every check, then `terraform validate`; all of them run even when one fails.

    Raises:
        Failure: at least one found something.
    """
    failed = [check.title for check in checks() if not check.run()]
    if not _validate():
        failed.append("Terraform validate")
    if failed:
        fail(
            f"{len(failed)} checks failed: {', '.join(failed)}", "correct what is shown above, then run make lint again"
        )


def _validate() -> bool:
    from scripts.terraform_tests import STACK, prepare, terraform

    valid = True
    for name, folder in (("root", STACK), ("bootstrap", STACK / "bootstrap")):
        with step(f"Terraform validate ({name})") as current:
            done = prepare(name, folder)
            if done.returncode == 0:
                done = terraform(name, folder, "validate", "-no-color")
            current.failed = done.returncode != 0
        if done.returncode != 0:
            say((done.stdout + done.stderr).rstrip())
            valid = False
    return valid


def fmt() -> None:
    """Format Python and Terraform, and correct what ruff can correct.

    Raises:
        Failure: a file cannot be read as what it is.
    """
    commands = {
        "Formatting Python": (tool("ruff"), "format", "--quiet", *PYTHON_SOURCES),
        "Correcting Python": (tool("ruff"), "check", "--quiet", "--fix", *PYTHON_SOURCES),
        "Formatting Terraform": (str(program().path), "fmt", "-recursive", "terraform"),
    }
    for title, command in commands.items():
        with step(title):
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            fail(f"{title} left something:\n{(done.stdout + done.stderr).rstrip()}", "correct it by hand")
