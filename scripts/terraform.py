"""Runs Terraform on one environment: its state, its variables, its data folder, and output that a person can follow."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts import payment_provider
from scripts.console import fail, say, step
from scripts.environment import ROOT
from scripts.terraform_events import Progress
from scripts.terraform_program import program, settings, sources_digest_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.environment import Environment

PARALLELISM = 20
LOCK_WAIT = "60s"
SHOWN_CHANGES = 40
LINES_OF_A_FAILED_INIT = 40
HINTS = {
    "Error acquiring the state lock": (
        "another run holds the lock; wait for it. If it was killed: terraform force-unlock <ID above>, or on the local "
        "cloud remove the .tflock object from the state bucket"
    ),
    "no valid credential sources": "sign in to AWS (for example `aws sso login`) and set AWS_PROFILE",
    "No such file or directory": "a file that Terraform reads is missing; `make build` writes build/",
    "connection refused": "the environment does not answer; for the local cloud see `make status` and `make up`",
}


@dataclass(frozen=True)
class Terraform:
    """Terraform on one environment and one root module: the stack, or the account's bootstrap."""

    environment: Environment
    directory: Path = ROOT / "terraform"

    @property
    def data_dir(self) -> Path:
        """Terraform's own folder (TF_DATA_DIR): providers and the chosen backend."""
        return self.environment.work_dir / self.directory.name

    @property
    def log_file(self) -> Path:
        """All that the last runs printed."""
        return self.environment.work_dir / f"{self.directory.name}.log"

    @property
    def plan_file(self) -> Path:
        """The last plan."""
        return self.data_dir / "plan.tfplan"

    def init(self, *backend: str) -> bool:
        """Make the module ready to run; return False when it was so already.

        `backend` are -backend-config values; without any: the environment's state in S3.

        Raises:
            Failure: providers or state cannot be reached.
        """
        backend = backend or self._s3_backend()
        digest = self._init_digest(backend)
        stamp = self.data_dir / "init.sha256"
        if stamp.is_file() and stamp.read_text() == digest:
            return False
        with step(f"Initialising Terraform in {self.directory.relative_to(ROOT)}/"):
            arguments = ["init", "-no-color", "-reconfigure", *(f"-backend-config={value}" for value in backend)]
            if program().name == "terraform" and (self.directory / ".terraform.lock.hcl").is_file():
                arguments.append("-lockfile=readonly")
            done = self._run(*arguments)
            if done.returncode != 0:
                tail = "\n".join((done.stdout + done.stderr).splitlines()[-LINES_OF_A_FAILED_INIT:])
                fail(f"terraform init failed:\n{tail}", _hint(tail) or f"the whole log: {self.log_file}")
        stamp.write_text(digest)
        return True

    def _s3_backend(self) -> tuple[str, ...]:
        file = self.directory / "env" / f"{self.environment.name}.s3.tfbackend"
        return (str(file), f"bucket={self.environment.bucket('state')}")

    def _init_digest(self, backend: tuple[str, ...]) -> str:
        lock = self.directory / ".terraform.lock.hcl"
        files = [Path(value).read_text() for value in backend if Path(value).is_file()]
        parts = [*backend, *files, lock.read_text() if lock.is_file() else "", sources_digest_lines(self.directory)]
        parts += [str(self._environment().get("TF_CLI_CONFIG_FILE")), repr(program())]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def plan(self, *, destroy: bool = False, replace: str = "", lock: bool = True) -> Progress:
        """Compare the configuration with what is there and save the plan; return what would change.

        `replace` is the address of a resource to make anew although nothing about it changed. Without `lock` a run
        that changes the state meanwhile is not waited for, and nothing has to be written to where the state is.

        Raises:
            Failure: the plan has errors, which were printed in full.
        """
        arguments = ["plan", f"-out={self.plan_file}", *self._variables(), *(["-destroy"] if destroy else [])]
        arguments += [f"-replace={replace}"] if replace else []
        arguments += [] if lock else ["-lock=false"]
        with step("Planning") as current:
            progress = self._stream(current.note, *arguments)
            current.result = progress.summary()
        return progress

    def apply(self, planned: Progress) -> Progress:
        """Apply the saved plan.

        Raises:
            Failure: something could not be changed; the errors were printed in full.
        """
        progress = Progress(planned=dict(planned.planned))
        with step(f"Applying {planned.summary()}") as current:
            self._stream(current.note, "apply", str(self.plan_file), progress=progress)
            current.result = f"{len(progress.finished)} operations"
        self.plan_file.unlink()
        return progress

    def output(self) -> dict[str, Any]:
        """Return the outputs by name; empty when nothing is deployed.

        Raises:
            Failure: the state cannot be read.
        """
        return {name: value["value"] for name, value in self._read("output").items()}

    def show_plan(self) -> dict[str, Any]:
        """Return the last plan, every resource with the values that it wants, as `terraform show -json` does.

        Raises:
            Failure: there is none, or it cannot be read.
        """
        return self._read("show", str(self.plan_file))

    def _read(self, command: str, *arguments: str) -> dict[str, Any]:
        self.init()
        done = self._run(command, "-no-color", "-json", *arguments, log=False)
        if done.returncode != 0:
            fail(f"terraform {command} failed:\n{done.stderr.strip()}", _hint(done.stderr))
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def _variables(self) -> list[str]:
        name = f"{self.environment.name}.tfvars"
        files = (self.directory / "env" / name, self.directory / name)
        return [f"-var-file={file}" for file in files if file.is_file()]

    def _environment(self) -> dict[str, str]:
        variables = self.environment.process_environment()
        if self.environment.is_local:
            # Of the stack's variables the one that is known only here: it has the local cloud's port.
            variables["TF_VAR_payment_provider_url"] = payment_provider.url(self.environment)
        return settings(variables, self.data_dir)

    def _command(self, *arguments: str) -> list[str]:
        return [str(program().path), f"-chdir={self.directory}", *arguments]

    def _run(self, *arguments: str, log: bool = True) -> subprocess.CompletedProcess[str]:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            self._command(*arguments), env=self._environment(), capture_output=True, text=True, check=False
        )
        if log:
            self.log_file.write_text(done.stdout + done.stderr)
        return done

    def _stream(self, note: Callable[[str], None], *arguments: str, progress: Progress | None = None) -> Progress:
        """Run a command with -json, pass on how far it is, keep its log, and end with its errors if it has any."""
        progress = progress or Progress()
        command, *rest = arguments
        options = ["-json", f"-parallelism={PARALLELISM}", f"-lock-timeout={LOCK_WAIT}"]
        last: deque[str] = deque(maxlen=1)
        with (
            self.log_file.open("a" if command == "apply" else "w") as log,
            subprocess.Popen(
                self._command(command, *options, *rest),
                env=self._environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ) as process,
        ):
            try:
                for line in process.stdout or ():
                    log.write(line)
                    last.append(line)
                    if text := progress.take(line):
                        note(text)
            except KeyboardInterrupt:
                # Terraform got the signal too: it ends what it is doing and saves the state.
                note("stopping; Terraform saves what it has done")
                process.wait()
                fail("interrupted", f"nothing is lost: run the command again. The log: {self.log_file}")
        for warning in progress.warnings:
            say(f"warning: {warning}", style="yellow")
        if process.returncode != 0:
            errors = "\n\n".join(progress.errors or last)
            fail(f"terraform {command} failed:\n{errors}", _hint(errors) or f"the whole log: {self.log_file}")
        return progress


def show_changes(planned: Progress) -> None:
    """Print what would change, the first of it by name."""
    marks = {"create": "+", "update": "~", "delete": "-", "replace": "±"}
    changes = sorted(planned.changes.items())
    for address, action in changes[:SHOWN_CHANGES]:
        say(f"  {marks.get(action, '?')} {address}")
    if len(changes) > SHOWN_CHANGES:
        say(f"  and {len(changes) - SHOWN_CHANGES} more")
    say(planned.summary())


def _hint(text: str) -> str:
    return next((hint for sign, hint in HINTS.items() if sign in text), "")
