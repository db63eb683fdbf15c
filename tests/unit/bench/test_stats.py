import pytest

from scripts.bench.stats import paired_ratio, summarize


def test_a_summary_ignores_one_slow_round() -> None:
    summary = summarize([10.0, 11.0, 12.0, 13.0, 900.0])
    assert (summary.low, summary.median, summary.high) == (11.0, 12.0, 13.0)
    assert summary.spread == pytest.approx(1 / 12)


def test_one_value_is_its_own_summary() -> None:
    assert summarize([3.0]).spread == 0.0


def test_nothing_measured_is_an_error_and_not_zero() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        summarize([])


def test_a_ratio_is_taken_within_each_round() -> None:
    # The machine was ten times slower in the second round, for both.
    assert paired_ratio([8.0, 80.0, 9.0], [2.0, 20.0, 2.0]).median == 4.0


def test_samples_of_different_length_do_not_pair_up() -> None:
    with pytest.raises(ValueError, match="zip"):
        paired_ratio([1.0, 2.0], [1.0])
