"""`make bench`."""

from __future__ import annotations

import sys

from scripts.bench import budgets, cold_start, import_time, local_cloud, packaging, report, variants, warm
from scripts.bench.aws_stub import serving
from scripts.bench.cold_start import Case
from scripts.bench.invocations import SAMPLED, bare, get_order, post_order, unknown_route
from scripts.bench.load import LoadError
from scripts.bench.runtime_api import RuntimeApiError
from scripts.console import fail, say, step
from scripts.local.launcher import LocalCloudError

ROUNDS = 15
QUICK_ROUNDS = 3
MOST_ROUNDS = 200
WARM_REQUESTS = 500
QUICK_WARM_REQUESTS = 100
PACKAGING_ROUNDS = 3


def bench(*, quick: bool = False, rounds: int = 0) -> None:
    """Measure the orders API, the local cloud and the build, show the numbers and write build/bench.json.

    Args:
        quick: fewer rounds, fewer cases, no packaging: a first impression in 20 seconds.
        rounds: how often each cold start is measured; 0 takes the default.

    Raises:
        Failure: a budget is broken, or something could not be measured.
    """
    if sys.platform != "linux":
        say("bench: skipped. awslambdaric, the runtime client that Lambda runs, needs Linux; run it in a Linux machine")
        return
    if not 0 <= rounds <= MOST_ROUNDS:
        fail(f"{rounds} rounds make no sense", f"use 1 to {MOST_ROUNDS}")
    try:
        found = _measure(rounds or (QUICK_ROUNDS if quick else ROUNDS), quick=quick)
    except RuntimeApiError as error:
        fail(f"the measured function did not work:\n{error}", "make build, then correct what the log above names")
    except (LoadError, LocalCloudError) as error:
        fail(f"the local cloud could not be measured: {error}", "make up and make status say more")
    report.show(found)
    report.write(found, variants.BUILD / "bench.json")
    say(f"\nbench: everything measured is in {(variants.BUILD / 'bench.json').relative_to(variants.ROOT)}")
    if broken := budgets.broken(found.verdicts):
        fail(
            "over budget:\n" + "\n".join(f"  {budgets.complaint(one)}" for one in broken),
            "docs/benchmarks.md says what usually causes it; the import table above shows where the time goes",
        )


def _measure(rounds: int, *, quick: bool) -> report.Report:
    with step("Building and unpacking the variants"):
        cases = _cases(quick=quick)
    floor, ours = cases[0], cases[1]
    with serving() as endpoint:
        with step("Cold starts") as current:
            cold = cold_start.measure(cases, rounds, endpoint, current.note)
        with step("Import times") as current:
            imports = import_time.measure(ours, floor, endpoint, current.note)
        with step("Warm requests") as current:
            requests = QUICK_WARM_REQUESTS if quick else WARM_REQUESTS
            warmed = warm.measure(_warm_cases(floor, ours), requests, endpoint, current.note)
    with step("Local cloud") as current:
        speed = local_cloud.measure(current.note)
    verdicts = cold_start.verdicts(cold) + local_cloud.verdicts(speed)
    packed = None
    if not quick:
        with step("Packaging") as current:
            packed = packaging.measure(PACKAGING_ROUNDS, current.note)
        verdicts += packaging.verdicts(packed)
    return report.Report(rounds, cold, imports, warmed, speed, packed, verdicts)


def _cases(*, quick: bool) -> list[Case]:
    """Return the floor, then ours with `POST /orders`, then all others."""
    packaging.build()
    floor, ours, packed, stock = variants.floor(), variants.ours(), variants.packed(), variants.stock()
    cases = [Case(floor, bare()), Case(ours, post_order())]
    if not quick:
        cases += [Case(ours, get_order()), Case(ours, post_order(SAMPLED))]
    cases += [Case(packed, post_order()), Case(stock, post_order())]
    if not quick:
        cases += [Case(packed, get_order()), Case(stock, get_order())]
    return cases


def _warm_cases(floor: Case, ours: Case) -> list[Case]:
    return [floor] + [Case(ours.variant, request) for request in (unknown_route(), get_order(), post_order())]
