"""The terraform (or tofu) program on this machine, and the settings that every run of it shares."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from scripts.console import fail
from scripts.environment import CACHE, ROOT
from scripts.provider_mirror import Provider, find, installation_config, locked_providers, own_folders

WANTED = (1, 10)
WORK = CACHE / "terraform"
HASHICORP, OPENTOFU = "registry.terraform.io", "registry.opentofu.org"
_config_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Program:
    """An executable that can apply our configuration: `name` is "terraform" or "tofu"."""

    name: str
    path: Path
    version: tuple[int, ...]


@cache
def program() -> Program:
    """Return the program that TERRAFORM names (default: terraform).

    Raises:
        Failure: it is missing or too old; the hint says what to install.
    """
    wanted = os.environ.get("TERRAFORM") or "terraform"
    needed = ".".join(map(str, WANTED))
    install = f"install Terraform {needed} or newer (https://developer.hashicorp.com/terraform/install)"
    found = shutil.which(wanted)
    if not found:
        other = " or, as OpenTofu is here, run with TERRAFORM=tofu" if shutil.which("tofu") else ""
        fail(f"{wanted} is not installed on this machine", f"{install}{other}")
    name = "tofu" if "tofu" in Path(found).name else "terraform"
    version = _version(Path(found))
    if version < WANTED:
        fail(f"{wanted} is version {'.'.join(map(str, version))}; the state lock in S3 needs {needed}", install)
    return Program(name, Path(found), version)


def _version(path: Path) -> tuple[int, ...]:
    """Return the version of a program; remembered, since asking takes as long as a small build.

    Raises:
        Failure: the program does not answer.
    """
    memory = WORK / "version.json"
    status = path.resolve().stat()
    key = [str(path.resolve()), status.st_size, status.st_mtime_ns]
    try:
        known = json.loads(memory.read_text())
    except (OSError, ValueError):
        known = {}
    if known.get("key") != key:
        environment = clean_environment(dict(os.environ)) | {"CHECKPOINT_DISABLE": "1"}
        done = subprocess.run([path, "version"], capture_output=True, text=True, check=False, env=environment)
        match = re.search(r"v(\d+)\.(\d+)\.(\d+)", done.stdout)
        if not match:
            fail(f"{path} does not tell its version: {done.stderr.strip()}", f"try `{path} version` by hand")
        known = {"key": key, "version": [int(part) for part in match.groups()]}
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(json.dumps(known))
    return tuple(known["version"])


def clean_environment(environment: dict[str, str]) -> dict[str, str]:
    """Drop a TF_CLI_CONFIG_FILE that names no file: Terraform would warn in every run."""
    named = environment.get("TF_CLI_CONFIG_FILE")
    if named is not None and not Path(named).is_file():
        del environment["TF_CLI_CONFIG_FILE"]
    return environment


def has_own_config(environment: dict[str, str], name: str) -> bool:
    """Tell whether the person has configured the program; then the installation of providers is theirs too."""
    own = (Path.home() / f".{'tofu' if name == 'tofu' else 'terraform'}rc").is_file()
    return own or "TF_CLI_CONFIG_FILE" in environment


def settings(environment: dict[str, str], data_dir: Path) -> dict[str, str]:
    """Return the environment for a run: `environment`, no questions, the data folder, and where providers come from."""
    chosen = program()
    result = clean_environment(dict(environment)) | {
        "TF_DATA_DIR": str(data_dir),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
    }
    if has_own_config(result, chosen.name):
        return result
    config = mirror_config(chosen.name)
    if config:
        return result | {"TF_CLI_CONFIG_FILE": str(config)}
    downloads = WORK / "providers"
    downloads.mkdir(parents=True, exist_ok=True)
    return {"TF_PLUGIN_CACHE_DIR": str(downloads)} | result


def wanted_providers(name: str) -> list[Provider]:
    """Return the locked providers, under the name of the registry that the program asks."""
    providers = locked_providers(ROOT / "terraform" / ".terraform.lock.hcl")
    return [replace(one, host=OPENTOFU) if (name, one.host) == ("tofu", HASHICORP) else one for one in providers]


def mirror_config(name: str) -> Path | None:
    """Write the CLI configuration for this machine's offline mirror; return its path, or nothing without a mirror."""
    providers = wanted_providers(name)
    with _config_lock:
        mirror = find(providers, own_folders(name), WORK / f"mirror-{name}.json")
        if mirror is None:
            return None
        path = WORK / f"mirror-{name}.tfrc"
        text = installation_config(mirror, providers)
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)
        return path


def sources_digest_lines(directory: Path) -> str:
    """Return the lines of a configuration that decide what `init` does: sources, versions, backends."""
    lines = []
    for path in sorted(directory.rglob("*.tf")):
        found = re.findall(
            r"^\s*(?:source|version|required_version|backend|module)\b.*$", path.read_text(), re.MULTILINE
        )
        lines += [f"{path.relative_to(directory)}: {line.strip()}" for line in found]
    return "\n".join(lines)
