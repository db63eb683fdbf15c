"""Every kind of alarm has its runbook, and every runbook its alarm."""

import re

import pytest

from scripts.environment import ROOT

RUNBOOKS = {path.stem: path for path in (ROOT / "docs" / "runbooks").glob("*.md") if path.stem != "README"}
PARTS = ("**Means:**", "**The customer sees:**", "## First", "```sh", "## Over when")


def kinds() -> set[str]:
    """The kinds that the catalogs of modules and services name."""
    sources = [path for path in (ROOT / "terraform").rglob("*.tf") if ".terraform" not in path.parts]
    return {kind for path in sources for kind in re.findall(r'\bkind\s*=\s*"([a-z0-9-]+)"', path.read_text())}


def test_every_kind_has_its_runbook_and_every_runbook_its_kind() -> None:
    assert set(RUNBOOKS) == kinds()


@pytest.mark.parametrize("name", sorted(RUNBOOKS))
def test_a_runbook_says_what_it_has_to(name: str) -> None:
    text = RUNBOOKS[name].read_text()
    assert text.startswith(f"# {name}\n")
    assert [part for part in PARTS if part not in text] == []
    assert f"]({name}.md)" in (ROOT / "docs" / "runbooks" / "README.md").read_text()


@pytest.mark.parametrize("name", sorted(RUNBOOKS))
def test_what_a_runbook_links_to_is_there(name: str) -> None:
    folder = RUNBOOKS[name].parent
    targets = re.findall(r"\]\(([^)#:]+\.md)[^)]*\)", RUNBOOKS[name].read_text())
    assert [target for target in targets if not (folder / target).exists()] == []
