"""Builds what changed and writes the manifest. What did not change is recognised by digests, never by times alone."""

from __future__ import annotations

import fcntl
import hashlib
import json
import platform as machine
import sys
import tomllib
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.build.archive import Contents, write_archive
from scripts.build.bytecode import bytecode_name, compile_module
from scripts.build.dependencies import PYTHON, LockedSet, binaries, load
from scripts.build.limits import check_limits
from scripts.build.manifest import Artifact, write_manifest
from scripts.build.sources import fail_syntax, find_services, package_files
from scripts.console import fail, step

if TYPE_CHECKING:
    from collections.abc import Iterator

LAYER = "shared-layer"
# Where Lambda puts a function's code and a layer.
CODE_FOLDER = "/var/task"
LAYER_FOLDER = "/opt/python"
# The layer's dependencies are pure Python, so one choice serves every machine; AWS's is the one to be right for.
LAYER_PLATFORM = "linux_arm64"


@dataclass(frozen=True, slots=True)
class Built:
    """An artifact, and whether this run had to build it."""

    name: str
    artifact: Artifact
    rebuilt: bool


@dataclass(frozen=True)
class Source:
    """What an artifact is made of: one package of ours, and the locked set that it ships with it."""

    name: str
    package: Path
    prefix: str  # folder inside the ZIP, "" or "python/"
    runtime_folder: str
    locked: LockedSet

    @cached_property
    def files(self) -> dict[str, bytes]:
        """Contents of the package's files, by path from the import root."""
        return {name: path.read_bytes() for name, path in package_files(self.package)}

    def digest(self, builder: str) -> str:
        """Return the digest of everything that decides the bytes of the ZIP."""
        total = hashlib.sha256(f"{builder}\0{sys.version}\0{self.prefix}\0{self.runtime_folder}".encode())
        total.update(b"" if self.locked.is_empty else self.locked.digest(builder).encode())
        for name, content in sorted(self.files.items()):
            total.update(f"\0{name}\0{len(content)}\0".encode())
            total.update(content)
        return total.hexdigest()


@dataclass(frozen=True)
class Builder:
    """Builds the artifacts of the repository at `root` into `out`; `cache` keeps installed packages and digests."""

    root: Path
    out: Path
    cache: Path
    platform: str = "host"
    _state: dict[str, dict[str, str | int]] = field(default_factory=dict)

    def build(self) -> list[Built]:
        """Build what changed; return every artifact, the layer first.

        Raises:
            Failure: an artifact cannot be built, or would break one of Lambda's limits.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        with _alone(self.cache):
            self._load_state()
            built = [self._build_one(source) for source in self.sources()]
            artifacts = {one.name: one.artifact for one in built}
            check_limits({name: self.out / artifact.path for name, artifact in artifacts.items()}, LAYER)
            write_manifest(self.out / "manifest.json", artifacts)
            self._remove_others(artifacts)
        return built

    def sources(self) -> list[Source]:
        """Return what there is to build."""
        shared = self.root / "shared"
        config = tomllib.loads((self.root / "pyproject.toml").read_text())
        services = tuple(sorted(config["tool"]["tradepost"]["layer"]["botocore_services"]))
        layer_set = LockedSet(shared / "requirements.txt", LAYER_PLATFORM, services)
        sources = [Source(LAYER, shared, "python/", LAYER_FOLDER, layer_set)]
        for name in find_services(self.root):
            package = self.root / "services" / name
            locked = LockedSet(package / "requirements.txt", self.platform)
            sources.append(Source(name, package, "", CODE_FOLDER, locked))
        return sources

    def _build_one(self, source: Source) -> Built:
        digest = source.digest(self._version)
        path = self.out / f"{source.name}.zip"
        known = self._state.get(source.name, {})
        if known.get("inputs") == digest and path.is_file() and _fingerprint(path) == known.get("fingerprint"):
            fields = {key: known[key] for key in Artifact.__dataclass_fields__}
            return Built(source.name, Artifact(**fields), rebuilt=False)  # type: ignore[arg-type] # as written below
        with step(f"Building {path.name}") as current:
            contents, platform = self._contents(source)
            write_archive(path, contents)
            current.result = f"{len(contents)} files"
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        unzipped = sum(map(len, contents.values()))
        artifact = Artifact(path.name, sha256, path.stat().st_size, unzipped, platform)
        self._state[source.name] = {"inputs": digest, "fingerprint": _fingerprint(path), **asdict(artifact)}
        (self.cache / "state.json").write_text(json.dumps(self._state, indent=1))
        return Built(source.name, artifact, rebuilt=True)

    def _contents(self, source: Source) -> tuple[Contents, str]:
        """Return the entries of a ZIP and the platform they run on."""
        contents = load(source.locked, source.runtime_folder, self._version, self.cache / "packages")
        native = binaries(contents)
        if native and source.name == LAYER:
            fail(
                f"the layer must be pure Python, but its requirements bring {native[0]}",
                "give the package to the one service that needs it (services/<name>/requirements.in)",
            )
        own = dict(source.files)
        if found := binaries(own):
            fail(f"{source.package}: {found[0]} is a compiled file", "add its package to the service's requirements.in")
        for name, content in source.files.items():
            if name.endswith(".py"):
                try:
                    own[bytecode_name(name)] = compile_module(content, f"{source.runtime_folder}/{name}")
                except (SyntaxError, ValueError) as error:
                    fail_syntax(error, str((source.package.parent / name).relative_to(self.root)))
        everything = {source.prefix + name: content for name, content in (contents | own).items()}
        return everything, (host_platform(self.platform) if native else "any")

    @cached_property
    def _version(self) -> str:
        """Digest of the builder's own code: when it changes, everything is built again."""
        total = hashlib.sha256()
        for path in sorted(Path(__file__).parent.glob("*.py")):
            total.update(path.read_bytes())
        return total.hexdigest()

    def _load_state(self) -> None:
        try:
            self._state.update(json.loads((self.cache / "state.json").read_text()))
        except (OSError, ValueError):
            self._state.clear()

    def _remove_others(self, artifacts: dict[str, Artifact]) -> None:
        for path in self.out.glob("*.zip"):
            if path.stem not in artifacts:
                path.unlink()


def host_platform(platform: str) -> str:
    """Return the platform as the manifest names it: "linux_arm64"."""
    if platform != "host":
        return platform
    processor = {"aarch64": "arm64", "amd64": "x86_64"}.get(machine.machine().lower(), machine.machine().lower())
    return f"{machine.system().lower()}_{processor}"


def _fingerprint(path: Path) -> str:
    """Return what changes when somebody else writes the file."""
    status = path.stat()
    return f"{status.st_size}-{status.st_mtime_ns}"


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Let one build at a time use the cache; another one waits."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with step("Waiting for another build to finish"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def check_python() -> None:
    """Make sure that the bytecode is for the Python that Lambda runs.

    Raises:
        Failure: another Python runs the build.
    """
    if PYTHON != "3.13":
        fail(f"the build runs on Python {PYTHON}, Lambda on 3.13", "run it through make, which uses .venv")
