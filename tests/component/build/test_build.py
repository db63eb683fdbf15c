"""What a build makes, and when it makes it again."""

import json
import marshal
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scripts.build import limits
from scripts.console import Failure
from tests.component.build.conftest import builder, rebuilt, write_repository, write_wheel


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def digests(root: Path) -> dict[str, str]:
    return {one.name: one.artifact.sha256 for one in builder(root).build()}


def contents(root: Path, name: str) -> dict[str, bytes]:
    with zipfile.ZipFile(root / "build" / f"{name}.zip") as archive:
        return {entry: archive.read(entry) for entry in archive.namelist()}


def test_another_folder_and_umask_give_the_same_bytes(tmp_path: Path, lock: str) -> None:
    results = []
    for name, mask in (("here", 0o022), ("far/away/from here", 0o077)):
        with umask(mask):
            write_repository(tmp_path / name, lock)
            results.append(digests(tmp_path / name))
    assert results[0] == results[1]
    assert set(results[0]) == {"shared-layer", "alpha", "beta"}


def test_nothing_is_rebuilt_when_nothing_or_only_a_time_changed(repository: Path) -> None:
    assert rebuilt(repository) == ["shared-layer", "alpha", "beta"]
    assert rebuilt(repository) == []
    for path in repository.rglob("*.py"):
        os.utime(path, (1, 1))
    manifest = repository / "build" / "manifest.json"
    before = manifest.stat().st_mtime_ns
    assert rebuilt(repository) == []
    assert manifest.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("services/alpha/handlers/api.py", ["alpha"]),
        ("services/alpha/schemas/order.json", ["alpha"]),
        ("services/alpha/policies/api.json", []),
        ("shared/money.py", ["shared-layer"]),
        ("shared/README.md", []),
    ],
)
def test_a_change_rebuilds_what_ships_it(repository: Path, changed: str, expected: list[str]) -> None:
    digests(repository)
    path = repository / changed
    path.write_text(path.read_text() + "\n")
    assert rebuilt(repository) == expected


def test_a_zip_that_somebody_changed_is_built_again(repository: Path) -> None:
    before = digests(repository)
    (repository / "build" / "alpha.zip").write_bytes(b"broken")
    assert rebuilt(repository) == ["alpha"]
    assert digests(repository) == before


def test_a_service_that_went_away_leaves_no_zip(repository: Path) -> None:
    digests(repository)
    for path in sorted((repository / "services/beta").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (repository / "services/beta").rmdir()
    assert set(digests(repository)) == {"shared-layer", "alpha"}
    assert not (repository / "build" / "beta.zip").exists()


def test_the_zips_hold_code_bytecode_and_data_and_nothing_else(repository: Path) -> None:
    digests(repository)
    modules = {"alpha/__init__", "alpha/handlers/__init__", "alpha/handlers/api"}
    bytecode = {f"{Path(name).parent}/__pycache__/{Path(name).name}.cpython-313.pyc" for name in modules}
    assert set(contents(repository, "alpha")) == {f"{m}.py" for m in modules} | bytecode | {"alpha/schemas/order.json"}
    layer = contents(repository, "shared-layer")
    assert {name for name in layer if not name.endswith(".pyc")} == {
        "python/demo_lib/__init__.py",
        "python/shared/__init__.py",
        "python/shared/money.py",
    }
    with zipfile.ZipFile(repository / "build" / "alpha.zip") as archive:
        entries = archive.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)


def test_bytecode_is_unchecked_and_names_the_place_on_lambda(repository: Path) -> None:
    digests(repository)
    expected = {
        "alpha": ("alpha/handlers/__pycache__/api.cpython-313.pyc", "/var/task/alpha/handlers/api.py"),
        "shared-layer": ("python/shared/__pycache__/money.cpython-313.pyc", "/opt/python/shared/money.py"),
    }
    for artifact, (entry, runtime_path) in expected.items():
        files = contents(repository, artifact)
        assert files[entry][4:8] == b"\x01\x00\x00\x00", "hash-based, and not checked against the source"
        code = marshal.loads(files[entry][16:])  # noqa: S302 - the build has just written it
        assert code.co_filename == runtime_path
        assert not [name for name, data in files.items() if str(repository).encode() in data]


def test_a_bare_python_runs_it_from_the_bytecode(repository: Path, tmp_path: Path) -> None:
    digests(repository)
    for name in ("alpha", "shared-layer"):
        with zipfile.ZipFile(repository / "build" / f"{name}.zip") as archive:
            archive.extractall(tmp_path / "lambda")
    for source in (tmp_path / "lambda").rglob("*.py"):
        source.write_text("raise RuntimeError('the source was compiled')\n")
    program = "from alpha.handlers.api import handler; import shared.money; print(handler({}, None))"
    path = f"{tmp_path / 'lambda'}{os.pathsep}{tmp_path / 'lambda' / 'python'}"
    run = [sys.executable, "-S", "-c", program]
    done = subprocess.run(run, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("yes\n", "")


def test_the_manifest_says_what_is_there(repository: Path) -> None:
    built = digests(repository)
    manifest = json.loads((repository / "build" / "manifest.json").read_text())
    assert (manifest["schema"], manifest["python"]) == (1, "3.13")
    assert {name: one["sha256"] for name, one in manifest["artifacts"].items()} == built
    for one in manifest["artifacts"].values():
        path = repository / "build" / one["path"]
        with zipfile.ZipFile(path) as archive:
            assert one["unzipped_size"] == sum(entry.file_size for entry in archive.infolist())
        assert (one["size"], one["platform"]) == (path.stat().st_size, "any")


def test_metadata_stays_only_where_the_code_asks_for_it(repository: Path, wheels: Path) -> None:
    digests(repository)
    assert not [name for name in contents(repository, "shared-layer") if "dist-info" in name]
    asks = {"demo_lib/__init__.py": 'from importlib.metadata import version\n\nANSWER = version("demo_lib")\n'}
    (repository / "shared/requirements.txt").write_text(write_wheel(wheels, asks))
    assert rebuilt(repository) == ["shared-layer"]
    kept = {name: data for name, data in contents(repository, "shared-layer").items() if "dist-info" in name}
    assert kept == {"python/demo_lib-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: demo_lib\nVersion: 1.0\n"}


def test_a_service_with_a_compiled_package_names_its_platform(repository: Path, wheels: Path) -> None:
    native = write_wheel(wheels, {"fast_lib/__init__.py": "", "fast_lib/fast.so": "\x7fELF"}, "fast_lib")
    (repository / "services/alpha/requirements.txt").write_text(native)
    platforms = {one.name: one.artifact.platform for one in builder(repository, "linux_arm64").build()}
    assert platforms == {"shared-layer": "any", "alpha": "linux_arm64", "beta": "any"}


def test_a_compiled_package_in_the_layer_is_refused(repository: Path, wheels: Path) -> None:
    native = write_wheel(wheels, {"demo_lib/__init__.py": "", "demo_lib/fast.so": "\x7fELF"})
    (repository / "shared/requirements.txt").write_text(native)
    with pytest.raises(Failure, match=r"must be pure Python.*demo_lib/fast\.so"):
        builder(repository).build()


def test_a_syntax_error_names_file_and_line(repository: Path) -> None:
    (repository / "services/alpha/domain.py").write_text("x = 1\ndef broken(:\n")
    with pytest.raises(Failure, match=r"services/alpha/domain\.py:2: invalid syntax"):
        builder(repository).build()


def test_a_service_without_handler_is_refused(repository: Path) -> None:
    (repository / "services/beta/handlers/work.py").write_text("def helper() -> None: ...\n")
    with pytest.raises(Failure, match="service beta has no handler"):
        builder(repository).build()


def test_requirements_that_cannot_be_met_are_reported(repository: Path) -> None:
    (repository / "shared/requirements.txt").write_text(f"no-such-thing==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(Failure, match="no-such-thing"):
        builder(repository).build()


def test_a_wrong_hash_is_refused(repository: Path) -> None:
    (repository / "shared/requirements.txt").write_text(f"demo_lib==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(Failure, match=r"(?i)hash"):
        builder(repository).build()


@pytest.mark.parametrize(
    ("limit", "message"),
    [("ZIPPED_LIMIT", "is .* zipped; Lambda takes"), ("UNZIPPED_LIMIT", "is .* unzipped with the layer; Lambda takes")],
)
def test_a_broken_limit_names_the_largest_contents(
    repository: Path, monkeypatch: pytest.MonkeyPatch, limit: str, message: str
) -> None:
    (repository / "services/alpha/schemas/huge.json").write_bytes(b"x" * 60_000)
    monkeypatch.setattr(limits, limit, 50_000)
    with pytest.raises(Failure, match=f"alpha {message}") as failure:
        builder(repository).build()
    assert "alpha/schemas 60.0 kB" in failure.value.hint
