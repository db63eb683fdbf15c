"""The builds that are compared, unpacked under build/bench the way Lambda unpacks them."""

from __future__ import annotations

import compileall
import hashlib
import importlib.metadata
import json
import py_compile
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.console import fail

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
HOME = BUILD / "bench"
REQUIREMENTS = ROOT / "shared" / "requirements.txt"
STOCK_MODULES = Path(__file__).with_name("stock")
HANDLER = "orders.handlers.api.handler"
RUNTIME_PACKAGES = ("awslambdaric", "simplejson", "snapshot-restore-py")
BARE_HANDLER = '''"""The least that a function can do."""


def handler(event, context):
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": "{}"}
'''


@dataclass(frozen=True, slots=True)
class Variant:
    """A function's folders: `task` stands for /var/task, `layer` for /opt, `runtime` for /var/runtime."""

    name: str
    task: Path
    layer: Path
    runtime: Path
    handler: str


def floor() -> Variant:
    """A handler that does nothing, with bytecode: what no function of ours can be faster than."""
    task = _made_once(HOME / "floor", BARE_HANDLER, _write_bare_handler)
    return Variant("floor", task, HOME / "no-layer", runtime(), "bare.handler")


def ours() -> Variant:
    """The orders API as `make build` packs it: service ZIP and layer, unpacked, with the bytecode they carry.

    Raises:
        Failure: nothing is built.
    """
    try:
        artifacts = json.loads((BUILD / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
        task, layer = (_unpacked(name, artifacts[name]) for name in ("orders", "shared-layer"))
    except (OSError, KeyError, ValueError) as error:
        fail(f"build/manifest.json holds no orders service and shared layer ({error})", "make build")
    return Variant("ours", task, layer, runtime(), HANDLER)


def packed() -> Variant:
    """The very same code the usual way: dependencies as the installer leaves them, no bytecode, all of botocore."""
    home = _made_once(HOME / "packed", _digest(ROOT / "services" / "orders", ROOT / "shared"), _lay_out_packed)
    return Variant("usual packing", home / "task", home / "layer", runtime(), HANDLER)


def stock() -> Variant:
    """The same service written the usual way too: on boto3 and the tracer that patches everything."""
    code = _digest(ROOT / "services" / "orders", ROOT / "shared", STOCK_MODULES)
    base = packed()
    home = _made_once(HOME / "stock", code, lambda folder: _lay_out_stock(base, folder))
    return Variant("stock", home / "task", home / "layer", runtime(), HANDLER)


def runtime() -> Path:
    """The runtime client alone, with bytecode, as it lies in /var/runtime."""
    versions = " ".join(f"{name}=={importlib.metadata.version(name)}" for name in RUNTIME_PACKAGES)
    return _made_once(HOME / "runtime", versions, _copy_runtime)


def install(folder: Path, *options: str) -> None:
    """Install the layer's dependencies into `folder` with uv, which writes no bytecode unless an option asks for it.

    Raises:
        Failure: uv failed, for example because a package is neither in its cache nor reachable.
    """
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--link-mode", "copy"]
    command += ["--python", sys.executable, "--target", str(folder), "-r", str(REQUIREMENTS), *options]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        fail(
            f"uv could not install the layer's dependencies:\n{result.stderr.strip()}",
            "check the network, then try again",
        )


def _made_once(folder: Path, key: str, make: Callable[[Path], None]) -> Path:
    """Return `folder`, made anew unless it was completed for the same key."""
    stamp = folder.with_name(f"{folder.name}.key")
    if folder.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == key:
        return folder
    stamp.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    make(folder)
    stamp.write_text(key, encoding="utf-8")
    return folder


def _write_bare_handler(folder: Path) -> None:
    (folder / "bare.py").write_text(BARE_HANDLER, encoding="utf-8")
    _compile(folder)


def _unpacked(name: str, artifact: dict[str, str]) -> Path:
    """Return the folder with an artifact's contents."""

    def extract(folder: Path) -> None:
        with zipfile.ZipFile(BUILD / artifact["path"]) as archive:
            archive.extractall(folder)

    return _made_once(HOME / name, artifact["sha256"], extract)


def _lay_out_packed(folder: Path) -> None:
    sources_only = shutil.ignore_patterns("__pycache__", "*.pyc", "policies", "requirements*")
    packages = folder / "layer" / "python"
    install(packages)
    shutil.copytree(ROOT / "shared", packages / "shared", ignore=sources_only)
    shutil.copytree(ROOT / "services" / "orders", folder / "task" / "orders", ignore=sources_only)


def _lay_out_stock(base: Variant, folder: Path) -> None:
    shutil.copytree(base.layer, folder / "layer")
    shutil.copytree(base.task, folder / "task")
    # A stock module may build on the one that it stands for.
    for module in STOCK_MODULES.glob("*.py"):
        replaced = folder / "layer" / "python" / "shared" / module.name
        if not replaced.exists():
            fail(f"shared/{module.name} is gone", f"remove or rename {module.relative_to(ROOT)} as well")
        replaced.rename(replaced.with_name(f"own_{module.name}"))
        shutil.copyfile(module, replaced)


def _copy_runtime(folder: Path) -> None:
    for name in RUNTIME_PACKAGES:
        for file in importlib.metadata.files(name) or ():
            if file.parts[0].endswith(".dist-info") or ".." in file.parts or "__pycache__" in file.parts:
                continue
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(file.locate()), target)
    _compile(folder)


def _compile(folder: Path) -> None:
    compileall.compile_dir(folder, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def _digest(*folders: Path) -> str:
    """Return the digest of every source file and of the locked dependencies."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes())
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()
