"""Real Terraform on a small configuration: what it writes, it must read back unchanged."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.environment import ROOT
from scripts.local.settings import REGION
from scripts.terraform_program import program, settings

HEAD = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region                      = "%s"
  max_retries                 = 2
  skip_credentials_validation = true
}
"""


@dataclass(frozen=True)
class TerraformRun:
    """A folder with one configuration and its state, applied to a local cloud."""

    folder: Path
    endpoint: str

    def configure(self, text: str) -> None:
        """Write main.tf and make the folder ready to run."""
        (self.folder / "main.tf").write_text(HEAD % REGION + text)
        if not (self.folder / ".terraform.lock.hcl").exists():
            shutil.copy(ROOT / "terraform" / ".terraform.lock.hcl", self.folder)
            self._run("init", "-lockfile=readonly")

    def apply(self, *, destroy: bool = False) -> str:
        return self._run("apply", "-auto-approve", *(["-destroy"] if destroy else []))

    def output(self) -> dict[str, Any]:
        """The outputs by name."""
        return {name: one["value"] for name, one in json.loads(self._run("output", "-json")).items()}

    def changes(self) -> str:
        """What a plan would change; empty when nothing."""
        done = self._start("plan", "-detailed-exitcode")
        assert done.returncode in (0, 2), done.stdout + done.stderr
        return done.stdout if done.returncode == 2 else ""

    def _run(self, *arguments: str) -> str:
        done = self._start(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _start(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        variables = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        return subprocess.run(
            [program().path, arguments[0], "-no-color", *arguments[1:]],
            cwd=self.folder,
            env=settings(inherited | variables, self.folder / ".data"),
            capture_output=True,
            text=True,
            check=False,
        )
