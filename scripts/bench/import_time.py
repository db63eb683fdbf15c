"""Which imports the orders API spends its cold start in, from `-X importtime` of the built artifact."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from scripts.bench.function_process import started
from scripts.bench.import_log import Module, Package, by_package, heaviest, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scripts.bench.cold_start import Case

RUNS = 3
HEAVIEST = 15
# Split by module: the others are only worth knowing as a whole.
SPLIT = ("aws_lambda_powertools", "botocore", "orders", "shared")


@dataclass(frozen=True, slots=True)
class ImportTime:
    """What the function imports beyond the bare runtime; times in microseconds.

    `late` names the modules that the first request imports and INIT does not.
    """

    total: int
    modules: int
    packages: list[Package]
    heaviest: list[Module]
    late: list[str]


def measure(ours: Case, bare: Case, endpoint: str, note: Callable[[str], None]) -> ImportTime:
    """Import everything RUNS times and take each module's median.

    Raises:
        RuntimeApiError: a function failed.
    """
    runtime = {module.name for module in _trace(bare, endpoint)[0]}
    runs = []
    late: list[str] = []
    for number in range(RUNS):
        note(f"run {number + 1} of {RUNS}")
        modules, late = _trace(ours, endpoint)
        runs.append([module for module in modules if module.name not in runtime])
    modules = medians(runs)
    return ImportTime(
        total=sum(module.own for module in modules),
        modules=len(modules),
        packages=by_package(modules, SPLIT, sys.stdlib_module_names),
        heaviest=heaviest(modules, HEAVIEST),
        late=[name for name in late if name not in runtime],
    )


def medians(runs: Iterable[Iterable[Module]]) -> list[Module]:
    """Return each module once, with the medians of its times over the runs."""
    times: dict[str, list[Module]] = {}
    for run in runs:
        for module in run:
            times.setdefault(module.name, []).append(module)
    return [
        Module(name, round(median(one.own for one in found)), round(median(one.cumulative for one in found)))
        for name, found in times.items()
    ]


def _trace(case: Case, endpoint: str) -> tuple[list[Module], list[str]]:
    """Return what one process imports, and the names of what it imports only after INIT."""
    with started(case.variant, endpoint, ("-X", "importtime")) as function:
        function.invoke(case.invocation)
        function.settle()
        written = function.written()
    during_init = written.encode()[: function.log_size_after_init].decode(errors="ignore")
    early = {module.name for module in parse(during_init)}
    modules = parse(written)
    return modules, [module.name for module in modules if module.name not in early]
