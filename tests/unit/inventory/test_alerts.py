from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.alerts import STOCK_BACK, STOCK_LOW, StockEvent, crossing
from inventory.domain import Stock
from shared.ids import is_id
from tests.unit.inventory.shop import article

LEVELS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=20)
"""(available, threshold) after each change of one article."""


def history(levels: list[tuple[int, int]]) -> list[Stock]:
    return [
        article("TEA", available, threshold=threshold, sequence=number)
        for number, (available, threshold) in enumerate(levels, start=1)
    ]


def told(changes: list[Stock]) -> list[StockEvent]:
    steps = zip([None, *changes], changes, strict=False)
    return [event for before, after in steps if (event := crossing(before, after))]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((6, 5), (5, 5), STOCK_LOW),
        ((6, 5), (0, 5), STOCK_LOW),
        ((5, 5), (4, 5), None),
        ((5, 5), (6, 5), STOCK_BACK),
        ((7, 5), (6, 5), None),
        ((1, 0), (0, 0), STOCK_LOW),
        ((6, 5), (6, 6), STOCK_LOW),
        ((6, 6), (6, 5), STOCK_BACK),
        (None, (6, 5), None),
        (None, (5, 5), STOCK_LOW),
    ],
)
def test_a_crossing_is_told_and_nothing_else(before: tuple[int, int] | None, after: tuple[int, int], expected: str):
    levels = [after] if before is None else [before, after]
    changes = history(levels)
    event = crossing(changes[-2] if before else None, changes[-1])

    assert (event and event.type) == expected
    if event:
        assert (event.sku, event.sequence) == ("TEA", len(levels))
        assert event.data == {"available": after[0], "low_stock_threshold": after[1]}
        assert is_id(event.event_id, "evt")


@given(LEVELS)
def test_low_and_back_take_turns_and_the_last_says_how_it_stands(levels: list[tuple[int, int]]):
    changes = history(levels)
    events = told(changes)

    assert [event.type for event in events] == [STOCK_BACK if n % 2 else STOCK_LOW for n in range(len(events))]
    assert (bool(events) and events[-1].type == STOCK_LOW) == changes[-1].is_low


@given(LEVELS)
def test_a_change_that_is_told_twice_makes_the_same_event(levels: list[tuple[int, int]]):
    changes = history(levels)
    assert told(changes) == told(changes)
    ids = [event.event_id for event in told(changes)]
    assert len(set(ids)) == len(ids)


def test_events_of_different_articles_and_changes_have_different_ids():
    low = article("TEA", 0)
    changes = [low, replace(low, sku="MUG"), replace(low, sequence=2), replace(low, updated_at="2026-01-02T00:00:00Z")]
    events = [crossing(None, change) for change in changes]
    assert len({event.event_id for event in events if event}) == 4
