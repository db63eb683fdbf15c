"""A small repository to build: one layer, two services, and a wheel that stands for a locked dependency."""

import base64
import hashlib
import zipfile
from pathlib import Path

import pytest

from scripts.build.builder import Builder

HANDLER = "from demo_lib import ANSWER\n\n\ndef handler(event: object, context: object) -> str:\n    return ANSWER\n"
PYPROJECT = "[tool.tradepost.layer]\nbotocore_services = []\n"


def write_wheel(folder: Path, files: dict[str, str], name: str = "demo_lib") -> str:
    """Write version 1.0 of a package as a wheel; return the line that locks it."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    entries = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nSummary: a library\n\nLong text\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [
        f"{file},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},{len(text)}"
        for file, text in entries.items()
    ]
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in entries.items():
            wheel.writestr(file, text)
        wheel.writestr(f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,", ""]))
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def write_repository(root: Path, lock: str) -> None:
    files = {
        "pyproject.toml": PYPROJECT,
        "shared/__init__.py": "",
        "shared/money.py": 'CURRENCIES = frozenset({"EUR", "USD", "JPY"})\n',
        "shared/requirements.txt": lock,
        "shared/README.md": "for people",
        "services/alpha/__init__.py": "",
        "services/alpha/handlers/__init__.py": "",
        "services/alpha/handlers/api.py": HANDLER,
        "services/alpha/schemas/order.json": "{}",
        "services/alpha/policies/api.json": "{}",
        "services/beta/__init__.py": "",
        "services/beta/handlers/__init__.py": "",
        "services/beta/handlers/work.py": HANDLER,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place that packages come from."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    return folder


@pytest.fixture
def lock(wheels: Path) -> str:
    """A locked set of one package."""
    files = {
        "demo_lib/__init__.py": 'ANSWER = "yes"\n',
        "demo_lib/tests/test_it.py": "assert True\n",
        "demo_lib/types.pyi": "ANSWER: str\n",
    }
    return write_wheel(wheels, files)


@pytest.fixture
def repository(tmp_path: Path, lock: str) -> Path:
    root = tmp_path / "repository"
    write_repository(root, lock)
    return root


def builder(root: Path, platform: str = "host") -> Builder:
    return Builder(root, root / "build", root / ".cache", platform)


def rebuilt(root: Path) -> list[str]:
    """Build; return the names of the artifacts that had to be built."""
    return [one.name for one in builder(root).build() if one.rebuilt]
