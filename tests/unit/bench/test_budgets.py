import pytest

from scripts.bench import packaging
from scripts.bench.budgets import Verdict, broken, complaint
from scripts.bench.cold_start import FLOOR, OURS, PACKED, STOCK, Results, verdicts
from scripts.bench.function_process import ColdStart, Cost

REQUEST = "GET /orders/{id}"


def cold(seconds: float) -> ColdStart:
    return ColdStart(Cost(seconds * 0.9, seconds), Cost(seconds * 0.1, 0.0))


def results(ours: float) -> Results:
    """A floor of 1 s, stock of 20 s, usual packing of 10 s."""
    times = {(FLOOR, "bare"): 1.0, (OURS, REQUEST): ours, (STOCK, REQUEST): 20.0, (PACKED, REQUEST): 10.0}
    return Results({key: [cold(seconds)] * 3 for key, seconds in times.items()})


def test_a_budget_holds_up_to_its_limit_and_not_beyond() -> None:
    assert broken([Verdict("a", 8.0, 8.0), Verdict("b", 8.01, 8.0)]) == [Verdict("b", 8.01, 8.0)]


def test_a_complaint_names_the_budget_both_numbers_and_the_excess() -> None:
    assert complaint(Verdict("cold start", 10.0, 8.0)) == "cold start: 10 x, budget 8 x (25% over)"


@pytest.mark.parametrize(
    ("ours", "names"),
    [
        (4.9, []),
        (5.1, [STOCK, PACKED]),
        (8.5, [FLOOR, STOCK, PACKED]),
    ],
)
def test_ours_is_held_against_floor_stock_and_usual_packing(ours: float, names: list[str]) -> None:
    expected = [f"cold {REQUEST}: ours / {name}" for name in names]
    assert [verdict.name for verdict in broken(verdicts(results(ours)))] == expected


def test_every_request_of_ours_is_judged() -> None:
    found = results(4.0)
    found.runs[OURS, "POST /orders"] = [cold(9.0)] * 3
    assert [verdict.name for verdict in broken(verdicts(found))] == ["cold POST /orders: ours / floor"]


def test_a_build_is_held_against_an_installation_with_bytecode_by_cpu() -> None:
    costs = {
        packaging.WARM: [Cost(0.9, 0.4)],
        packaging.COLD: [Cost(9.0, 2.1)],
        packaging.INSTALL: [Cost(0.1, 0.1)],
        packaging.COMPILED: [Cost(1.0, 1.0)],
    }
    [verdict] = broken(packaging.verdicts(packaging.summary(costs)))
    assert (verdict.name, verdict.measured) == ("make build, from nothing / uv with bytecode", 2.1)
