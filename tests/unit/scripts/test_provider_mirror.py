"""Offline mirrors, made in temporary folders."""

from pathlib import Path

import pytest

from scripts import provider_mirror
from scripts.provider_mirror import Provider, find, installation_config, locked_providers, os_arch, own_folders, search

AWS = Provider("registry.example", "hashicorp", "aws", "5.100.0")


def put_unpacked(mirror: Path, provider: Provider = AWS, machine: str = "") -> None:
    folder = mirror / provider.host / provider.namespace / provider.type / provider.version / (machine or os_arch())
    folder.mkdir(parents=True)
    (folder / "terraform-provider").touch()


def put_packed(mirror: Path, provider: Provider = AWS) -> None:
    folder = mirror / provider.host / provider.namespace / provider.type
    folder.mkdir(parents=True)
    (folder / f"terraform-provider-{provider.type}_{provider.version}_{os_arch()}.zip").touch()


@pytest.mark.parametrize("put", [put_unpacked, put_packed])
@pytest.mark.parametrize("place", ["plugins", "vendor/terraform/plugins"])
def test_a_mirror_below_a_usual_prefix_is_found(tmp_path: Path, put, place: str) -> None:
    put(tmp_path / "opt" / place)
    assert search([AWS], [], [tmp_path / "absent", tmp_path / "opt"]) == tmp_path / "opt" / place


def test_terraforms_own_folders_come_first(tmp_path: Path) -> None:
    put_unpacked(tmp_path / "own")
    put_unpacked(tmp_path / "opt" / "mirror")
    assert search([AWS], [tmp_path / "own"], [tmp_path / "opt"]) == tmp_path / "own"


@pytest.mark.parametrize(
    "other",
    [
        Provider(AWS.host, AWS.namespace, AWS.type, "5.99.0"),
        Provider(AWS.host, AWS.namespace, "random", AWS.version),
        Provider("elsewhere.example", AWS.namespace, AWS.type, AWS.version),
    ],
)
def test_a_mirror_without_our_version_is_passed_over(tmp_path: Path, other: Provider) -> None:
    put_unpacked(tmp_path / "opt" / "a", other)
    assert search([AWS], [], [tmp_path / "opt"]) is None
    put_packed(tmp_path / "opt" / "b")
    assert search([AWS], [], [tmp_path / "opt"]) == tmp_path / "opt" / "b"


def test_a_mirror_for_another_machine_is_passed_over(tmp_path: Path) -> None:
    put_unpacked(tmp_path / "opt" / "a", machine="plan9_mips")
    assert search([AWS], [], [tmp_path / "opt"]) is None


def test_the_search_is_bounded(tmp_path: Path) -> None:
    put_unpacked(tmp_path / "1/2/3/4/5")
    assert search([AWS], [], [tmp_path]) is None


def test_the_answer_is_remembered_until_it_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = tmp_path / "cache" / "mirror.json"
    searches = []

    def counted(providers: list[Provider], folders: list[Path]) -> Path | None:
        searches.append(1)
        return search(providers, folders, [tmp_path / "opt"])

    monkeypatch.setattr(provider_mirror, "search", counted)
    assert find([AWS], [], memory) is None
    assert find([AWS], [], memory) is None
    assert len(searches) == 1
    monkeypatch.setattr(provider_mirror, "ABSENCE_BELIEVED", 0.0)
    put_unpacked(tmp_path / "opt" / "a")
    assert find([AWS], [], memory) == tmp_path / "opt" / "a"
    assert find([AWS], [], memory) == tmp_path / "opt" / "a"
    assert len(searches) == 2
    (tmp_path / "opt" / "a").rename(tmp_path / "opt" / "b")
    assert find([AWS], [], memory) == tmp_path / "opt" / "b"


def test_the_lock_file_names_the_providers(tmp_path: Path) -> None:
    lock = tmp_path / ".terraform.lock.hcl"
    assert locked_providers(lock) == []
    block = 'provider "registry.example/hashicorp/aws" {\n  version     = "5.100.0"\n  constraints = "~> 5.100"\n}\n'
    lock.write_text(f"# by terraform init\n\n{block}")
    assert locked_providers(lock) == [AWS]


def test_the_configuration_takes_only_our_providers_from_the_mirror() -> None:
    text = installation_config(Path("/somewhere/mirror"), [AWS])
    assert 'path    = "/somewhere/mirror"' in text
    assert text.count('["registry.example/hashicorp/aws"]') == 2, "included from the mirror, excluded from the registry"


def test_tofu_looks_in_folders_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_DIRS", "/data")
    assert Path("/data/terraform/plugins") in own_folders("terraform")
    assert Path("/data/opentofu/plugins") in own_folders("tofu")
