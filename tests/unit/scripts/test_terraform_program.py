"""Finding the program, with small scripts that stand for it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts import terraform_program
from scripts.console import Failure
from scripts.terraform_program import clean_environment, program, settings, sources_digest_lines

type Install = Callable[[str, str], Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put a program on a PATH that holds nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("TERRAFORM", raising=False)
    monkeypatch.delenv("TF_CLI_CONFIG_FILE", raising=False)
    monkeypatch.setattr(terraform_program, "WORK", tmp_path / "work")
    program.cache_clear()

    def put(name: str, answer: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\necho '{answer}'\n")
        path.chmod(0o755)
        return path

    yield put
    program.cache_clear()


def test_a_missing_program_says_what_to_install(install: Install) -> None:
    with pytest.raises(Failure, match="terraform is not installed") as failure:
        program()
    assert "install Terraform 1.10 or newer" in failure.value.hint
    assert "TERRAFORM=tofu" not in failure.value.hint


def test_tofu_is_offered_where_it_is(install: Install) -> None:
    install("tofu", "OpenTofu v1.10.2")
    with pytest.raises(Failure) as failure:
        program()
    assert "TERRAFORM=tofu" in failure.value.hint


def test_an_old_program_is_refused(install: Install) -> None:
    install("terraform", "Terraform v1.9.8")
    with pytest.raises(Failure, match=r"version 1\.9\.8.*needs 1\.10"):
        program()


def test_one_variable_chooses_tofu(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    path = install("tofu", "OpenTofu v1.11.0")
    monkeypatch.setenv("TERRAFORM", "tofu")
    assert (program().name, program().path, program().version) == ("tofu", path, (1, 11, 0))


def test_a_new_version_of_the_program_is_noticed(install: Install) -> None:
    install("terraform", "Terraform v1.10.5")
    assert program().version == (1, 10, 5)
    install("terraform", "Terraform v1.11.40")
    program.cache_clear()
    assert program().version == (1, 11, 40)


def test_a_configuration_that_is_not_there_is_not_passed_on(tmp_path: Path) -> None:
    assert clean_environment({"TF_CLI_CONFIG_FILE": str(tmp_path / "absent"), "A": "b"}) == {"A": "b"}
    present = tmp_path / "present.tfrc"
    present.touch()
    assert clean_environment({"TF_CLI_CONFIG_FILE": str(present)}) == {"TF_CLI_CONFIG_FILE": str(present)}


def test_a_mirror_is_used_unless_the_person_has_configured_terraform(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("terraform", "Terraform v1.11.4")
    config = tmp_path / "mirror.tfrc"
    monkeypatch.setattr(terraform_program, "mirror_config", lambda _name: config)
    missing = {"TF_CLI_CONFIG_FILE": str(tmp_path / "absent")}
    assert settings(missing, tmp_path / "data")["TF_CLI_CONFIG_FILE"] == str(config)
    assert settings({}, tmp_path / "data")["TF_DATA_DIR"] == str(tmp_path / "data")
    own = tmp_path / "own.tfrc"
    own.touch()
    assert settings({"TF_CLI_CONFIG_FILE": str(own)}, tmp_path)["TF_CLI_CONFIG_FILE"] == str(own)
    (tmp_path / ".terraformrc").touch()
    assert "TF_CLI_CONFIG_FILE" not in settings({}, tmp_path)


def test_without_a_mirror_downloads_are_shared(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("terraform", "Terraform v1.11.4")
    monkeypatch.setattr(terraform_program, "mirror_config", lambda _name: None)
    assert Path(settings({}, tmp_path)["TF_PLUGIN_CACHE_DIR"]).is_dir()


def test_only_lines_that_init_reads_count(tmp_path: Path) -> None:
    file = tmp_path / "main.tf"
    file.write_text('module "a" {\n  source = "./a"\n  size   = 1\n}\n')
    before = sources_digest_lines(tmp_path)
    file.write_text('module "a" {\n  source = "./a"\n  size   = 2\n}\n')
    assert sources_digest_lines(tmp_path) == before
    file.write_text('module "a" {\n  source = "./b"\n  size   = 2\n}\n')
    assert sources_digest_lines(tmp_path) != before
