"""Reads what `python -X importtime` writes: which modules and packages an import spends its time in."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LINE = re.compile(r"import time:\s+(?P<own>\d+) \|\s+(?P<cumulative>\d+) \| (?P<indent> *)(?P<name>\S+)$")


@dataclass(frozen=True, slots=True)
class Module:
    """One imported module. Times in microseconds: its own, and with everything it was the first to import."""

    name: str
    own: int
    cumulative: int


@dataclass(frozen=True, slots=True)
class Package:
    """The modules of one top-level package together; `own` in microseconds."""

    name: str
    modules: int
    own: int


def parse(text: str) -> list[Module]:
    """Return the modules in the order in which their imports ended; lines of other programs are skipped."""
    matches = (LINE.match(line) for line in text.splitlines())
    return [Module(m["name"], int(m["own"]), int(m["cumulative"])) for m in matches if m]


def heaviest(modules: Iterable[Module], count: int) -> list[Module]:
    """Return the `count` modules with the most time of their own, heaviest first."""
    return sorted(modules, key=lambda module: module.own, reverse=True)[:count]


def by_package(modules: Iterable[Module], own_packages: Iterable[str], standard: Iterable[str]) -> list[Package]:
    """Add up the modules' own times by top-level package, heaviest first.

    Args:
        modules: what was imported.
        own_packages: packages that are split one level deeper, as "shared.aws": our own code.
        standard: top-level names of the standard library, which are one package called "(standard library)".
    """
    split, library = frozenset(own_packages), frozenset(standard)
    groups: dict[str, list[int]] = defaultdict(list)
    for module in modules:
        groups[_package_name(module.name, split, library)].append(module.own)
    packages = [Package(name, len(times), sum(times)) for name, times in groups.items()]
    return sorted(packages, key=lambda package: package.own, reverse=True)


def _package_name(module: str, split: frozenset[str], library: frozenset[str]) -> str:
    top, *rest = module.split(".")
    if top in library:
        return "(standard library)"
    return f"{top}.{rest[0]}" if top in split and rest else top
