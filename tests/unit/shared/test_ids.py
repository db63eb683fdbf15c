import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ids import derived_id, is_id, made_at, new_id, new_ulid

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def test_ids_are_distinct_and_well_formed():
    ids = {new_id("ord") for _ in range(1000)}
    assert len(ids) == 1000
    assert all(is_id(text, "ord") for text in ids)


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**48 - 1))
def test_ids_sort_by_their_time(earlier: int, later: int):
    earlier, later = sorted((earlier, later))
    first, second = new_ulid(earlier), new_ulid(later)
    assert first[:10] <= second[:10]
    assert (first[:10] == second[:10]) == (earlier == later)


def test_the_time_is_the_one_of_the_specification():
    assert new_ulid(1469918176385)[:10] == "01ARYZ6S41"


@given(st.integers(0, 2**48 - 1))
def test_an_id_tells_when_it_was_made(moment: int):
    assert made_at(f"ord_{new_ulid(moment)}") == moment


def test_the_time_is_now_by_default():
    before = new_ulid(time.time_ns() // 1_000_000)[:10]
    assert before <= new_ulid()[:10] <= new_ulid(time.time_ns() // 1_000_000)[:10]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ord_",
        ULID,
        f"evt_{ULID}",
        f"ord-{ULID}",
        f"ord_{ULID.lower()}",
        f"ord_{ULID}\n",
        f" ord_{ULID}",
        f"ord_{ULID}0",
        f"ord_8{ULID[1:]}",
        f"ord_{ULID[:-1]}U",
        f"ord_{ULID[:-1]}I",
        f"ord_{ULID[:-1]}\u0663",
    ],
)
def test_anything_else_is_no_id(text: str):
    assert not is_id(text, "ord")


def test_a_well_formed_id_is_one():
    assert is_id(f"ord_{ULID}", "ord")


def test_a_derived_id_is_that_of_its_parts_and_its_time_alone():
    derived = derived_id("evt", 1_700_000_000_000, "stock_low", "TEA", 12)

    assert derived == derived_id("evt", 1_700_000_000_000, "stock_low", "TEA", 12)
    assert is_id(derived, "evt")
    assert derived[4:14] == new_ulid(1_700_000_000_000)[:10]
    others = [("stock_low", "TEA", 13), ("stock_low", "TEA1", 2), ("stock_lowTEA", 12), ("stock_back", "TEA", 12)]
    assert derived not in [derived_id("evt", 1_700_000_000_000, *parts) for parts in others]
