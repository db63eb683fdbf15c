"""The metric store: percentiles, what it keeps for how long, and that it comes back from its file."""

import time
from pathlib import Path

import pytest

from scripts.local.cloudwatch.metric_file import MetricFile
from scripts.local.cloudwatch.metrics import Bucket, MetricStore, metric

KEY = metric("Shop", "latency", {"partner": "demo"})


@pytest.fixture
def store() -> MetricStore:
    return MetricStore()


def bucket(*values: float) -> Bucket:
    found = Bucket()
    for value in values:
        found.add(value)
    return found


@pytest.mark.parametrize(
    ("statistic", "value"),
    [
        ("SampleCount", 5),
        ("Sum", 110),
        ("Average", 22),
        ("Minimum", 1),
        ("Maximum", 100),
        ("p0", 1),
        ("p50", 3),
        ("p75", 4),
        ("p90", 61.6),
        ("p100", 100),
        ("PR(:3)", 60),
        ("PR(3:)", 40),
        ("PR(1:4)", 60),
        ("TC(:3)", 3),
    ],
)
def test_statistics(statistic: str, value: float) -> None:
    assert bucket(1, 2, 3, 4, 100).statistic(statistic) == pytest.approx(value)


def test_percentiles_need_values_that_are_not_negative() -> None:
    assert bucket(-1, 2).statistic("p50") is None
    assert Bucket(2, 8, 3, 5, None).statistic("p50") is None
    assert Bucket(2, 8, 4, 4, None).statistic("p99") == 4
    assert Bucket().statistic("Sum") is None


def test_many_values_keep_their_percentiles_to_the_nearest_two_percent() -> None:
    found = bucket(*(number / 7 for number in range(1, 10_001)))
    assert len(found.values or {}) < 1000
    assert found.statistic("p99") == pytest.approx(9900 / 7, rel=0.02)
    assert found.statistic("SampleCount") == 10_000
    assert found.statistic("Maximum") == 10_000 / 7


def test_data_is_read_by_period_and_by_a_faster_clock(store: MetricStore) -> None:
    for second in (0, 59, 60, 130):
        store.add(KEY, bucket(second), at=second)
    minutes = store.read(KEY, 0, 180, 60)
    assert {number: found.statistic("Sum") for number, found in minutes.items()} == {0: 59, 1: 60, 2: 130}
    fast = store.read(KEY, 59 * 60, 61 * 60, 60, speed=60)
    assert {number: found.statistic("Sum") for number, found in fast.items()} == {0: 59, 1: 60}
    assert store.read(KEY, 1, 59, 60) == {}
    assert store.read(metric("Shop", "latency", {}), 0, 180, 60) == {}


def test_old_data_is_kept_by_the_minute_then_by_five_then_not(store: MetricStore, tmp_path: Path) -> None:
    now = int(time.time()) // 300 * 300
    ages = {"recent": 3600, "of hours": 4 * 3600, "of days": 2 * 86400, "forgotten": 16 * 86400}
    for name, age in ages.items():
        for second in range(0, 300, 30):
            store.add(metric("Shop", name, {}), bucket(1), at=now - age + second)
    MetricFile(store, tmp_path).save()
    again = MetricStore()
    MetricFile(again, tmp_path).restore()
    kept = {
        name: len(again.read(metric("Shop", name, {}), now - age, now - age + 300, 1)) for name, age in ages.items()
    }
    assert kept == {"recent": 10, "of hours": 5, "of days": 1, "forgotten": 0}
    [found] = again.read(
        metric("Shop", "of days", {}), now - ages["of days"], now - ages["of days"] + 300, 300
    ).values()
    assert (found.statistic("Sum"), found.statistic("p50")) == (10, 1)
    assert [key.name for key in again.metrics()] == ["of days", "of hours", "recent"]


def test_what_was_flushed_survives_a_kill_even_in_the_middle_of_a_line(store: MetricStore, tmp_path: Path) -> None:
    now = int(time.time())
    file = MetricFile(store, tmp_path)
    file.restore()
    for value in (1, 2):
        store.add(KEY, bucket(value), at=now)
        file.flush()
    store.add(KEY, bucket(4), at=now)
    [journal] = tmp_path.glob("metrics-*.jsonl")
    with journal.open("a") as broken:
        broken.write('["Shop", "lat')
    again = MetricStore()
    MetricFile(again, tmp_path).restore()
    assert again.read(KEY, now, now + 1, 1)[0].statistic("Sum") == 3
    assert list(tmp_path.glob("metrics-*.jsonl")) == []
    third = MetricStore()
    MetricFile(third, tmp_path).restore()
    assert third.read(KEY, now, now + 1, 1)[0].statistic("Sum") == 3
