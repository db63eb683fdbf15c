"""Reservations whose time is over are given back, once, and one that cannot be holds up no other."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from inventory.adapters.reservations import DUE_SHARDS, due_shard
from inventory.handlers.expire import SAFETY_MILLISECONDS, NotExpiredError
from shared import aws
from tests.component.gateway import Call, Context
from tests.component.inventory.support import LATER, RESERVATIONS, STOCK, TEA, Command, canceled_transaction, new_order

type Handlers = dict[str, ModuleType]
type Levels = Callable[[str], tuple[int, int]]

PAST = "2020-01-01T00:00:00Z"


@pytest.fixture(autouse=True)
def tea(call: Call) -> None:
    """Fifty of an article."""
    call("PUT", f"/stock/{TEA}", {"on_hand": 50})


def expire(handlers: Handlers, remaining: int = 120_000) -> int:
    expired: int = handlers["expire"].handler({}, Context(remaining))["expired"]
    return expired


def test_what_is_due_is_given_back_and_nothing_else(handlers: Handlers, command: Command, levels: Levels):
    orders = [new_order() for _ in range(20)]
    assert {due_shard(order) for order in orders} <= {str(shard) for shard in range(DUE_SHARDS)}
    for order in orders:
        command("reserve", order, expires_at=PAST)
    kept, shipped = new_order(), new_order()
    command("reserve", kept, expires_at=LATER, lines={TEA: 3})
    command("reserve", shipped, expires_at=PAST, lines={TEA: 4})
    command("ship", shipped)

    assert expire(handlers) == 20
    assert levels(TEA) == (43, 3)
    assert expire(handlers) == 0
    assert {str(command("ship", order)) for order in orders} == {str({"outcome": "closed", "state": "expired"})}
    assert command("ship", kept) == {"outcome": "shipped"}


def test_only_open_reservations_are_in_the_index(command: Command, cloud: Any):
    for last in ("ship", "release", None):
        order = new_order()
        command("reserve", order, expires_at=PAST)
        if last:
            command(last, order)
    command("release", new_order())
    command("reserve", new_order(), lines={TEA: 999})

    assert cloud.scan(TableName=RESERVATIONS)["Count"] == 5
    assert cloud.scan(TableName=RESERVATIONS, IndexName="by_due")["Count"] == 1


def test_a_reservation_that_is_shipped_meanwhile_stays_shipped(
    handlers: Handlers, command: Command, levels: Levels, monkeypatch: pytest.MonkeyPatch
):
    order = new_order()
    command("reserve", order, expires_at=PAST)
    client = aws.client("dynamodb")
    write, others = client.transact_write_items, [lambda: command("ship", order)]

    def interleaved(**arguments: Any) -> Any:
        if others:
            others.pop()()
        return write(**arguments)

    monkeypatch.setattr(client, "transact_write_items", interleaved)

    assert expire(handlers) == 0
    assert levels(TEA) == (49, 0)


def test_one_that_cannot_be_given_back_fails_the_run_after_all_others(
    handlers: Handlers, command: Command, cloud: Any, levels: Levels
):
    broken, *others = [new_order() for _ in range(6)]
    for order in (broken, *others):
        command("reserve", order, expires_at=PAST)
    cloud.update_item(
        TableName=RESERVATIONS,
        Key={"order_id": {"S": broken}},
        UpdateExpression="SET #lines[0].quantity = :many",
        ExpressionAttributeNames={"#lines": "lines"},
        ExpressionAttributeValues={":many": {"N": "999"}},
    )

    with pytest.raises(NotExpiredError, match="1 reservations"):
        expire(handlers)
    assert levels(TEA) == (49, 1)
    with pytest.raises(NotExpiredError):
        expire(handlers)


def test_a_busy_article_is_left_for_the_next_minute(
    handlers: Handlers, command: Command, levels: Levels, monkeypatch: pytest.MonkeyPatch, waits: list[float]
):
    command("reserve", new_order(), expires_at=PAST)

    def conflicting(**_: Any) -> None:
        raise canceled_transaction("None", "TransactionConflict")

    with monkeypatch.context() as busy:
        busy.setattr(aws.client("dynamodb"), "transact_write_items", conflicting)
        assert expire(handlers) == 0
    assert levels(TEA) == (49, 1)
    assert waits
    assert expire(handlers) == 1


def test_a_run_ends_before_its_time_and_the_next_goes_on(handlers: Handlers, command: Command, levels: Levels):
    for _ in range(3):
        command("reserve", new_order(), expires_at=PAST)

    assert [expire(handlers, SAFETY_MILLISECONDS - 1) for _ in range(4)] == [1, 1, 1, 0]
    assert levels(TEA) == (50, 0)


def test_a_page_of_the_index_is_not_its_end(handlers: Handlers, command: Command, monkeypatch: pytest.MonkeyPatch):
    for _ in range(20):
        command("reserve", new_order(), expires_at=PAST)
    client = aws.client("dynamodb")
    query = client.query
    monkeypatch.setattr(client, "query", lambda **arguments: query(**arguments, Limit=1))

    assert expire(handlers) == 20


def test_stock_of_nothing_due_is_left_alone(handlers: Handlers, cloud: Any):
    before = cloud.scan(TableName=STOCK)["Items"]
    assert expire(handlers) == 0
    assert cloud.scan(TableName=STOCK)["Items"] == before
