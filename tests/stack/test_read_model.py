"""The read model follows the events, and can be rebuilt from them while orders keep coming."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from scripts.client import OrderClient
from tests.stack.conftest import Stack
from tests.stack.orders import line, order
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("resting_orders")

MOST_WRITES = 300


def test_replay_during_writes_equals_the_fold_of_the_events(stack: Stack, client: OrderClient, aws: Any) -> None:
    table = stack.outputs["tables"]["orders_view"]
    dynamodb = aws("dynamodb")
    old = [client.place(order(line(quantity=number))).json()["order_id"] for number in range(1, 31)]
    eventually(lambda: set(old) <= set(_rows(dynamodb, table)))

    # A row that is lost, one that is wrong, and one that never had an order.
    lost, wrong = old[0], old[1]
    dynamodb.delete_item(TableName=table, Key={"order_id": {"S": lost}})
    dynamodb.update_item(
        TableName=table,
        Key={"order_id": {"S": wrong}},
        UpdateExpression="SET total_amount = :wrong",
        ExpressionAttributeValues={":wrong": {"N": "1"}},
    )
    ghost = "ord_00000000000000000000000000"
    dynamodb.put_item(TableName=table, Item={"order_id": {"S": ghost}, "sequence": {"N": "1"}})

    with ThreadPoolExecutor(2) as pool:
        replay = pool.submit(stack.command, "replay")
        new = list(_write_until(replay.done, client, old))
        replay.result()
    assert new, "orders came in during the replay"

    def rebuilt() -> bool:
        rows = _rows(dynamodb, table)
        assert ghost not in rows
        for order_id in old + new:
            current = client.get(order_id).json()
            assert order_id in rows, f"{order_id} has no row"
            row = rows[order_id]
            assert (row["status"]["S"], row["total_amount"]["N"], row["sequence"]["N"]) == (
                current["status"],
                str(current["total_amount"]),
                str(current["sequence"]),
            )
        return True

    assert eventually(rebuilt, seconds=30, pause=0.5)


def _write_until(done: Callable[[], bool], client: OrderClient, old: list[str]) -> Iterator[str]:
    """Place new orders and cancel old ones, at most MOST_WRITES; yields the ids of the new ones."""
    for number in range(MOST_WRITES):
        if done():
            return
        yield client.place(order()).json()["order_id"]
        client.cancel(old[number % len(old)], "during the replay")


def _rows(dynamodb: Any, table: str) -> dict[str, dict[str, Any]]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return {item["order_id"]["S"]: item for page in pages for item in page["Items"]}
