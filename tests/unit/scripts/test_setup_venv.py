"""The set-up script, which runs before anything is installed."""

from pathlib import Path

import pytest

from scripts import setup_venv
from scripts.setup_venv import SetupError, locked_requirement


def test_the_pin_and_hashes_of_one_package_are_cut_out_of_the_lock() -> None:
    lock = (
        "uuid==1 \\\n    --hash=sha256:aa\n"
        "uv==0.13.9 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n    # via -r requirements-dev.in\n"
        "werkzeug==3 \\\n    --hash=sha256:dd\n"
    )
    assert locked_requirement(lock, "uv") == "uv==0.13.9 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n"
    with pytest.raises(SetupError, match="does not pin pip"):
        locked_requirement(lock, "pip")


def test_the_repositorys_own_lock_pins_uv_with_hashes() -> None:
    assert locked_requirement(setup_venv.LOCK.read_text(), "uv").count("--hash=sha256:") > 1


def test_a_changed_lock_or_a_missing_interpreter_asks_for_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.touch()
    monkeypatch.setattr(setup_venv, "VENV", tmp_path)
    monkeypatch.setattr(setup_venv, "STAMP", tmp_path / "stamp")
    assert not setup_venv.is_ready("digest")
    (tmp_path / "stamp").write_text("digest")
    assert setup_venv.is_ready("digest")
    assert not setup_venv.is_ready("another digest")
    python.unlink()
    assert not setup_venv.is_ready("digest")
