"""The rules of patience; what a transaction's refusals mean is seen in the services' component tests."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.transactions import BusyError, Patience, RefusedError, write, write_one


class Table:
    """Answers each call with the next of ``errors``; without one it takes it."""

    def __init__(self, *errors: ClientError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def transact_write_items(self, **_: Any) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "written"


def failed(code: str, **response: Any) -> ClientError:
    parsed: Any = {"Error": {"Code": code, "Message": "no"}, **response}
    return ClientError(parsed, "Write")


def canceled(*codes: str) -> ClientError:
    return failed("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


def patience(**changes: Any) -> Patience:
    return Patience(sleep=lambda _: None, **changes)


@pytest.mark.parametrize(
    "error",
    [
        canceled("None", "TransactionConflict"),
        canceled("ThrottlingError"),
        canceled("ProvisionedThroughputExceeded"),
        failed("ThrottlingException"),
        failed("TransactionInProgressException"),
        failed("TransactionConflictException"),
    ],
    ids=str,
)
def test_a_busy_table_is_asked_again(error: ClientError):
    table = Table(error, error)
    write(table, [], patience())
    assert table.calls == 3


def test_a_condition_that_failed_beside_a_conflict_is_judged_again():
    table = Table(canceled("TransactionConflict", "ConditionalCheckFailed"))
    write(table, [], patience())
    assert table.calls == 2


def test_a_condition_that_failed_is_told_at_once():
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": {"a": {"S": "b"}}}]
    table = Table(failed("TransactionCanceledException", CancellationReasons=reasons))
    with pytest.raises(RefusedError) as refused:
        write(table, [], patience())
    assert table.calls == 1
    assert [refused.value.failed(index) for index in range(2)] == [False, True]
    assert [refused.value.stored(index) for index in range(2)] == [None, {"a": {"S": "b"}}]


def test_a_single_write_that_is_refused_tells_what_is_stored():
    table = Table(failed("ConditionalCheckFailedException", Item={"a": {"S": "b"}}))
    with pytest.raises(RefusedError) as refused:
        write_one(table.transact_write_items, patience())
    assert refused.value.failed(0)
    assert refused.value.stored(0) == {"a": {"S": "b"}}


@pytest.mark.parametrize("error", [canceled("ValidationError", "None"), failed("AccessDeniedException")], ids=str)
def test_other_errors_are_not_tried_again(error: ClientError):
    table = Table(error)
    with pytest.raises(ClientError):
        write(table, [], patience())
    with pytest.raises(ClientError):
        write_one(Table(error).transact_write_items, patience())
    assert table.calls == 1


def test_patience_ends_after_so_many_attempts():
    table = Table(*[failed("ThrottlingException")] * 9)
    with pytest.raises(BusyError):
        write(table, [], patience(attempts=3))
    assert table.calls == 3


def test_patience_ends_with_its_time():
    seconds = [0.0]

    def slow() -> None:
        seconds[0] += 3
        raise failed("ThrottlingException")

    with pytest.raises(BusyError):
        write_one(slow, patience(attempts=9, seconds=5, clock=lambda: seconds[0]))
    assert seconds[0] == 6
