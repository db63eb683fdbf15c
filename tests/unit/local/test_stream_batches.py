"""What becomes of a batch of stream records, against a stream that only records what it is asked."""

import json
from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from scripts.local.sources.stream_batches import Answer, Condition, Placed, Policy, deliver

OK = Answer(b"null", failed=False, throttled=False, executed_version="1")
FAILED = Answer(b"{}", failed=True, throttled=False, executed_version="1")
THROTTLED = Answer(b"{}", failed=True, throttled=True, executed_version="1")


class FakeStream:
    """Answers as told and notes calls, discards and checkpoints."""

    def __init__(self, answer: Callable[[list[int]], Answer], *, now: float = 100, stop_after: int = 10_000) -> None:
        self._answer = answer
        self._now = now
        self._stop_after = stop_after
        self.calls: list[list[int]] = []
        self.discarded: list[tuple[list[int], Condition, int]] = []
        self.position = 0
        self.pauses: list[float] = []

    def invoke(self, records: Sequence[Placed]) -> Answer:
        self.calls.append([placed.position for placed in records])
        return self._answer(self.calls[-1])

    def discard(self, records: Sequence[Placed], condition: Condition, attempts: int, answer: Answer | None) -> None:  # noqa: ARG002
        self.discarded.append(([placed.position for placed in records], condition, attempts))

    def checkpoint(self, position: int) -> None:
        assert position > self.position, "a checkpoint only moves on"
        self.position = position

    def pause(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        return len(self.pauses) < self._stop_after

    def now(self) -> float:
        return self._now


def records(count: int, created: float = 100) -> list[Placed]:
    return [
        Placed(number, {"dynamodb": {"SequenceNumber": f"n{number}", "ApproximateCreationDateTime": created}})
        for number in range(count)
    ]


def policy(retries: int = -1, max_age: int = -1, *, bisect: bool = False, partial: bool = False) -> Policy:
    return Policy(retries, max_age, bisect, partial)


def partial(*failed: int) -> Answer:
    items = [{"itemIdentifier": f"n{number}"} for number in failed]
    return Answer(
        json.dumps({"batchItemFailures": items}).encode(), failed=False, throttled=False, executed_version="1"
    )


def fail_on(*poison: int) -> Callable[[list[int]], Answer]:
    return lambda batch: FAILED if set(batch) & set(poison) else OK


def test_success_moves_past_the_batch() -> None:
    stream = FakeStream(lambda _: OK)
    assert deliver(records(3), policy(), stream)
    assert (stream.calls, stream.position) == ([[0, 1, 2]], 3)


def test_retries_are_counted_and_the_batch_is_then_discarded() -> None:
    stream = FakeStream(lambda _: FAILED)
    assert deliver(records(2), policy(retries=2), stream)
    assert stream.calls == [[0, 1]] * 3
    assert stream.discarded == [([0, 1], "RetryAttemptsExhausted", 3)]
    assert stream.position == 2


def test_bisecting_finds_the_poison_without_using_up_retries() -> None:
    stream = FakeStream(fail_on(2))
    deliver(records(4), policy(retries=1, bisect=True), stream)
    assert stream.calls == [[0, 1, 2, 3], [0, 1], [2, 3], [2], [2], [3]]
    assert stream.discarded == [([2], "RetryAttemptsExhausted", 2)]


def test_a_partial_failure_keeps_what_came_before_it() -> None:
    answers = iter([partial(1, 2), OK])
    stream = FakeStream(lambda _: next(answers))
    deliver(records(3), policy(partial=True), stream)
    assert stream.calls == [[0, 1, 2], [1, 2]]


def test_a_malformed_partial_answer_fails_the_whole_batch() -> None:
    for body in (
        b'{"batchItemFailures": [{"itemIdentifier": ""}]}',
        b'{"batchItemFailures": [{}]}',
        b'"text"',
        b'{"batchItemFailures": [{"itemIdentifier": "unknown"}]}',
    ):
        answers = iter([Answer(body, failed=False, throttled=False, executed_version="1"), OK])
        stream = FakeStream(lambda _, answers=answers: next(answers))  # type: ignore[misc]
        deliver(records(2), policy(partial=True), stream)
        assert stream.calls == [[0, 1], [0, 1]], body


def test_an_empty_partial_answer_is_success() -> None:
    for body in (b"null", b"{}", b'{"batchItemFailures": []}', b'{"batchItemFailures": null}'):
        stream = FakeStream(lambda _, body=body: Answer(body, False, False, "1"))  # type: ignore[misc]
        deliver(records(2), policy(partial=True), stream)
        assert stream.position == 2, body


def test_old_records_are_discarded_before_they_are_tried() -> None:
    stream = FakeStream(lambda _: OK, now=200)
    deliver([*records(2, created=100), Placed(2, records(1, created=190)[0].record)], policy(max_age=60), stream)
    assert stream.discarded == [([0, 1], "RecordAgeExceeded", 0)]
    assert stream.calls == [[2]]


def test_throttling_does_not_count_as_a_retry() -> None:
    answers = iter([THROTTLED, THROTTLED, OK])
    stream = FakeStream(lambda _: next(answers))
    deliver(records(1), policy(retries=0), stream)
    assert (len(stream.calls), stream.discarded) == (3, [])


def test_pauses_grow_to_ten_seconds() -> None:
    stream = FakeStream(lambda _: FAILED, stop_after=12)
    assert not deliver(records(1), policy(), stream)
    assert stream.pauses[:3] == [0.1, 0.2, 0.4]
    assert stream.pauses[-1] == 10
    assert stream.position == 0, "a stopped poller leaves the batch for the next start"


@given(st.integers(1, 40), st.sets(st.integers(0, 39)), st.integers(0, 3), st.booleans())
def test_every_record_is_processed_or_discarded_and_order_is_kept(
    count: int, poison: set[int], retries: int, bisect: bool
) -> None:
    stream = FakeStream(fail_on(*poison))
    assert deliver(records(count), policy(retries=retries, bisect=bisect), stream)
    processed = [number for call in stream.calls if not set(call) & poison for number in call]
    discarded = [number for batch, _, _ in stream.discarded for number in batch]
    assert sorted(processed + discarded) == list(range(count))
    assert processed == sorted(processed)
    assert stream.position == count
    if bisect:
        assert set(discarded) == poison & set(range(count))
