"""The third-party packages of an artifact: a locked set, installed once by uv, trimmed, compiled and kept by digest."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from scripts.build import botocore_data
from scripts.build.archive import read_archive, write_archive
from scripts.build.bytecode import bytecode_name, compile_module
from scripts.console import fail

if TYPE_CHECKING:
    from collections.abc import Iterable

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

# These run on Python alone; their extensions would tie a ZIP to one kind of processor. What mypyc compiles comes with
# its source, and with one library for the whole package.
OPTIONAL_BINARIES = re.compile(r"wrapt/_wrappers\.|charset_normalizer/\w+\.cpython-|[0-9a-f]+__mypyc\.cpython-")
BINARY_SUFFIXES = frozenset({".so", ".dylib", ".dll", ".pyd"})
INSTALLER_FOLDERS = (".dist-info", ".egg-info", ".data")
UNUSED_FOLDERS = frozenset({"__pycache__", "examples", "test", "tests"})
UNUSED_SUFFIXES = frozenset({".exe", ".lock", ".pyc", ".pyi", ".pyx", ".c", ".h"})
UNUSED_NAMES = frozenset({"py.typed", ".lock", ".gitignore"})
METADATA_KEPT = ("Metadata-Version:", "Name:", "Version:")


@dataclass(frozen=True, slots=True)
class LockedSet:
    """One locked set of packages, and how it is installed."""

    lock: Path
    platform: str  # "linux_arm64", "linux_x86_64", or "host": whatever this machine needs
    botocore_services: tuple[str, ...] = ()

    def digest(self, builder: str) -> str:
        """Return the digest of all that decides what comes out; `builder` is that of the builder itself."""
        parts = (builder, sys.version, self.platform, ",".join(self.botocore_services), self.lock.read_text())
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is locked: no file, or no pin in it."""
        return not self.lock.is_file() or not re.search(r"^[A-Za-z0-9]", self.lock.read_text(), re.MULTILINE)


def load(locked: LockedSet, runtime_folder: str, builder: str, cache: Path) -> dict[str, bytes]:
    """Return the contents of the set: sources, data and bytecode, by path from the import root.

    `runtime_folder` is where the import root lies on Lambda.

    Raises:
        Failure: uv cannot install the set, or a listed botocore service does not exist.
    """
    if locked.is_empty:
        return {}
    bundle = cache / f"{locked.digest(builder)[:32]}.zip"
    if not bundle.exists():
        with tempfile.TemporaryDirectory(dir=_made(cache)) as folder:
            target = Path(folder) / "packages"
            _install(locked, target)
            write_archive(bundle, compile_all(trim(target, locked.botocore_services), runtime_folder))
    return read_archive(bundle)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _install(locked: LockedSet, target: Path) -> None:
    platforms = {"linux_arm64": "aarch64-manylinux_2_28", "linux_x86_64": "x86_64-manylinux_2_28"}
    options = ["--python", sys.executable, "--target", str(target), "--link-mode", "copy", "--quiet"]
    if locked.platform in platforms:
        options += ["--python-version", PYTHON, "--python-platform", platforms[locked.platform]]
        options += ["--only-binary", ":all:"]
    command = [str(Path(sys.executable).parent / "uv"), "pip", "install", "--no-deps", "--require-hashes"]
    done = subprocess.run([*command, *options, "-r", str(locked.lock)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        fail(
            f"uv cannot install {locked.lock} for {locked.platform}:\n{done.stderr.strip()}",
            "correct the requirements.in beside it and run `make lock`; without a network, a filled uv cache is needed",
        )


def trim(tree: Path, botocore_services: Iterable[str]) -> dict[str, bytes]:
    """Return what Lambda can use of an installed tree, by path from its root.

    Raises:
        Failure: a listed botocore service does not exist.
    """
    services = frozenset(botocore_services)
    files = {path.relative_to(tree).as_posix(): path for path in tree.rglob("*") if path.is_file()}
    unknown = sorted(name for name in services if not any(file.startswith(f"botocore/data/{name}/") for file in files))
    if unknown and any(file.startswith("botocore/") for file in files):
        fail(
            f"botocore has no service {', '.join(unknown)}",
            "correct [tool.tradepost.layer] botocore_services in pyproject.toml",
        )
    kept = {name: path.read_bytes() for name, path in files.items() if _is_used(PurePosixPath(name), services)}
    return botocore_data.reduce(kept) | _needed_metadata(files, kept)


def _is_used(name: PurePosixPath, services: frozenset[str]) -> bool:
    parts = name.parts
    if parts[0] == "bin" or parts[0].endswith(INSTALLER_FOLDERS) or UNUSED_FOLDERS.intersection(parts[:-1]):
        return False
    if name.suffix in UNUSED_SUFFIXES or name.name in UNUSED_NAMES or OPTIONAL_BINARIES.match(str(name)):
        return False
    if parts[:2] == ("botocore", "data"):
        return botocore_data.is_kept(str(name), services)
    if parts[:2] == ("boto3", "data"):
        return len(parts) > 3 and parts[2] in services
    return True


def _needed_metadata(files: dict[str, Path], kept: dict[str, bytes]) -> dict[str, bytes]:
    """Return the name and version of the distributions whose code asks importlib.metadata, and of no other."""
    found = {}
    for name, path in files.items():
        folder, _, rest = name.partition("/")
        if rest != "METADATA" or not folder.endswith(".dist-info"):
            continue
        record = files[f"{folder}/RECORD"].read_text() if f"{folder}/RECORD" in files else ""
        own = [line.split(",")[0] for line in record.splitlines()]
        if any(b"importlib.metadata" in kept.get(file, b"") for file in own):
            header = [line for line in path.read_text().split("\n\n")[0].splitlines() if line.startswith(METADATA_KEPT)]
            found[name] = ("\n".join(header) + "\n").encode()
    return found


def compile_all(contents: dict[str, bytes], runtime_folder: str) -> dict[str, bytes]:
    """Return the contents with the bytecode of every module that is valid Python; some packages ship templates."""
    compiled = dict(contents)
    for name, source in contents.items():
        if name.endswith(".py"):
            try:
                compiled[bytecode_name(name)] = compile_module(source, f"{runtime_folder}/{name}")
            except (SyntaxError, ValueError):
                continue
    return compiled


def binaries(contents: Iterable[str]) -> list[str]:
    """Return the entries that run on one kind of machine only."""
    return sorted(name for name in contents if BINARY_SUFFIXES.intersection(PurePosixPath(name).suffixes))
