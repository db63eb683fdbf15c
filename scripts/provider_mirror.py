"""Finds an offline mirror of Terraform's providers on this machine, where people put one.

A mirror is a folder in the registry's layout, `<host>/<namespace>/<type>/`, holding either unpacked providers,
`<version>/<os_arch>/`, or packed ones, `terraform-provider-<type>_<version>_<os_arch>.zip`.
"""

from __future__ import annotations

import json
import os
import platform
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Usual prefixes for add-on software, searched after Terraform's own folders.
PREFIXES = tuple(map(Path, ("/opt", "/usr/local", "/usr/share", "/usr/lib", "/srv", "/var/lib", "/mnt")))
MAX_DEPTH = 4
MAX_FOLDERS = 20_000
# Seconds for which "there is none" is believed; a mirror that was found is believed as long as it is there.
ABSENCE_BELIEVED = 3600.0


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider at the version that the lock file chose; `host` is the registry's name."""

    host: str
    namespace: str
    type: str
    version: str

    @property
    def source(self) -> str:
        """The address in Terraform's form: "registry.example/hashicorp/aws"."""
        return f"{self.host}/{self.namespace}/{self.type}"


def locked_providers(lock_file: Path) -> list[Provider]:
    """Return the providers of a .terraform.lock.hcl; none when there is no such file."""
    if not lock_file.is_file():
        return []
    pattern = r'^provider "([^/"]+)/([^/"]+)/([^/"]+)" \{\s*version\s*=\s*"([^"]+)"'
    return [Provider(*match) for match in re.findall(pattern, lock_file.read_text(), re.MULTILINE)]


def os_arch() -> str:
    """Return this machine in Terraform's words: "linux_amd64"."""
    processor = platform.machine().lower()
    return f"{platform.system().lower()}_{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(processor, processor) }"


def own_folders(program: str) -> list[Path]:
    """Return the folders in which the program itself ("terraform" or "tofu") looks for a local mirror."""
    home = Path.home()
    data = [os.environ.get("XDG_DATA_HOME") or str(home / ".local" / "share")]
    data += (os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    name = "opentofu" if program == "tofu" else "terraform"
    folders = [home / f".{program}.d" / "plugins", home / ".terraform.d" / "plugins"]
    folders += [home / "Library" / "Application Support" / f"io.{name}" / "plugins"]
    return [*folders, *(Path(folder) / name / "plugins" for folder in data if folder)]


def holds(mirror: Path, provider: Provider, machine: str) -> bool:
    """Tell whether a mirror has this provider, at this version, for this kind of machine."""
    folder = mirror / provider.host / provider.namespace / provider.type
    packed = folder / f"terraform-provider-{provider.type}_{provider.version}_{machine}.zip"
    return packed.is_file() or (folder / provider.version / machine).is_dir()


def candidates(host: str, folders: Sequence[Path], prefixes: Sequence[Path]) -> Iterator[Path]:
    """Yield the folders that hold a folder named like the registry: the given ones, then those below the prefixes."""
    yield from (folder for folder in folders if (folder / host).is_dir())
    budget = MAX_FOLDERS
    for prefix in prefixes:
        level = [prefix]
        for _ in range(MAX_DEPTH):
            deeper: list[Path] = []
            for folder in level:
                budget -= 1
                if budget < 0:
                    return
                if (folder / host).is_dir():
                    yield folder
                else:
                    deeper += _subfolders(folder)
            level = deeper


def _subfolders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:  # not there, or not ours to read
        return []


def search(providers: Sequence[Provider], folders: Sequence[Path], prefixes: Sequence[Path] = PREFIXES) -> Path | None:
    """Return the first mirror that holds every one of the providers for this machine."""
    if not providers:
        return None
    found = candidates(providers[0].host, folders, prefixes)
    return next((mirror for mirror in found if all(holds(mirror, one, os_arch()) for one in providers)), None)


def find(providers: Sequence[Provider], folders: Sequence[Path], memory: Path) -> Path | None:
    """Like `search`, but remember the answer in the file `memory`."""
    key = [*(f"{one.source} {one.version}" for one in providers), *map(str, folders)]
    try:
        known = json.loads(memory.read_text())
    except (OSError, ValueError):
        known = {}
    if known.get("key") == key:
        mirror = Path(known["mirror"]) if known["mirror"] else None
        if mirror and all(holds(mirror, one, os_arch()) for one in providers):
            return mirror
        if not mirror and time.time() - known["searched_at"] < ABSENCE_BELIEVED:
            return None
    mirror = search(providers, folders)
    memory.parent.mkdir(parents=True, exist_ok=True)
    answer = {"key": key, "mirror": str(mirror) if mirror else None, "searched_at": time.time()}
    memory.write_text(json.dumps(answer, indent=1))
    return mirror


def installation_config(mirror: Path, providers: Iterable[Provider]) -> str:
    """Return a CLI configuration that takes these providers from the mirror, and all others from their registry."""
    sources = json.dumps([one.source for one in providers])
    return (
        "provider_installation {\n"
        f"  filesystem_mirror {{\n    path    = {json.dumps(str(mirror))}\n    include = {sources}\n  }}\n"
        f"  direct {{\n    exclude = {sources}\n  }}\n"
        "}\n"
    )
