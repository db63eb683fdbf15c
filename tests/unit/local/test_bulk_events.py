"""Streams of a log group: the newest are kept, also while many threads write."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from scripts.local.cloudwatch.bulk_events import GROUP_STREAMS, drop_old_streams


def test_the_newest_streams_of_a_group_are_kept() -> None:
    group: dict[str, Any] = {"streams": {str(n): {"lastIngestionTime": n or None} for n in range(GROUP_STREAMS + 3)}}
    drop_old_streams(group)
    assert set(group["streams"]) == {str(n) for n in range(3, GROUP_STREAMS + 3)}


def test_writers_that_drop_at_the_same_time_do_not_meet() -> None:
    group: dict[str, Any] = {"streams": {}}

    def write(number: int) -> None:
        group["streams"][str(number)] = {"lastIngestionTime": number}
        drop_old_streams(group)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(4000)))
    assert len(group["streams"]) == GROUP_STREAMS
