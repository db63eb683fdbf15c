"""The function stock: commands against the tables, alone and against each other."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError

from inventory.adapters.reservations import PATIENCE
from inventory.use_cases import StockBusyError
from shared import aws
from tests.component.gateway import Call, Context
from tests.component.inventory.support import (
    LATER,
    MUG,
    RESERVATIONS,
    STOCK,
    TEA,
    Command,
    Contended,
    canceled_transaction,
    new_order,
    request,
)

type Levels = Callable[[str], tuple[int, int]]


@pytest.fixture(autouse=True)
def tea(call: Call) -> None:
    """Five of an article."""
    call("PUT", f"/stock/{TEA}", {"on_hand": 5})


def test_a_reservation_is_taken_from_what_is_available_and_shipped_from_what_is_on_hand(
    command: Command, levels: Levels
):
    order = new_order()

    assert command("reserve", order, lines={TEA: 2}) == {"outcome": "reserved", "expires_at": LATER}
    assert levels(TEA) == (3, 2)
    assert command("ship", order) == {"outcome": "shipped"}
    assert levels(TEA) == (3, 0)
    assert command("release", order) == {"outcome": "closed", "state": "shipped"}


def test_commands_that_come_again_change_nothing(command: Command, levels: Levels):
    order = new_order()
    for name, left in (("reserve", (3, 2)), ("release", (5, 0))):
        fields = {"lines": {TEA: 2}} if name == "reserve" else {}
        assert command(name, order, **fields) == command(name, order, **fields)
        assert levels(TEA) == left
    assert command("reserve", order, lines={TEA: 2}) == {"outcome": "closed", "state": "released"}


def test_a_release_that_overtakes_the_reservation_wins(command: Command, levels: Levels):
    order = new_order()
    assert command("release", order) == {"outcome": "released"}
    assert command("reserve", order) == {"outcome": "closed", "state": "released"}
    assert command("ship", order) == {"outcome": "closed", "state": "released"}
    assert levels(TEA) == (5, 0)


def test_nothing_is_reserved_when_one_line_is_short(command: Command, call: Call, levels: Levels):
    call("PUT", f"/stock/{MUG}", {"on_hand": 1})
    order = new_order()

    answer = command("reserve", order, lines={TEA: 2, MUG: 3, "POT-RED": 1})

    shortages = [{"sku": MUG, "requested": 3, "available": 1}, {"sku": "POT-RED", "requested": 1, "available": 0}]
    assert answer == {"outcome": "out_of_stock", "shortages": shortages}
    assert (levels(TEA), levels(MUG)) == ((5, 0), (1, 0))
    call("PUT", f"/stock/{MUG}", {"on_hand": 9})
    call("PUT", "/stock/POT-RED", {"on_hand": 9})
    assert command("reserve", order, lines={TEA: 2, MUG: 3, "POT-RED": 1}) == answer
    assert command("ship", order) == {"outcome": "closed", "state": "none"}


def test_the_largest_order_fits_into_one_transaction(command: Command, call: Call, levels: Levels):
    skus = [f"SKU-{number:03}" for number in range(99)]
    for sku in skus:
        assert call("PUT", f"/stock/{sku}", {"on_hand": 1}).status == 201
    order = new_order()

    assert command("reserve", order, lines=dict.fromkeys(skus, 1))["outcome"] == "reserved"
    assert {levels(sku) for sku in skus} == {(0, 1)}
    assert command("ship", order) == {"outcome": "shipped"}
    assert {levels(sku) for sku in skus} == {(0, 0)}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"command": "steal"}, "/command: 'steal' is not a command; there are reserve, release, ship"),
        ({"order_id": "7"}, "/order_id: "),
        ({"correlation_id": ""}, "/correlation_id: "),
        ({"lines": []}, "/lines: "),
        ({"lines": {TEA: 0}}, "/lines/0/quantity: "),
        ({"lines": {f"SKU-{n}": 1 for n in range(100)}}, "/lines: "),
        ({"lines": [{"sku": TEA, "quantity": 1}] * 2}, "/lines/1/sku: "),
        ({"expires_at": "tomorrow, or the day after"}, "/expires_at: "),
        ({"expires_at": "2099-02-30T00:00:00Z"}, "/expires_at: "),
        ({"surprise": 1}, "/surprise: "),
    ],
)
def test_a_malformed_request_names_the_field(
    handlers: dict[str, ModuleType], cloud: Any, change: dict[str, Any], names: str
):
    with pytest.raises(ValueError, match=f"^{names}"):
        handlers["stock"].handler(request(**{"command": "reserve", "order_id": new_order(), **change}), Context())
    assert cloud.scan(TableName=RESERVATIONS)["Count"] == 0


def test_the_time_of_expiry_is_kept_as_the_platform_writes_times(command: Command):
    assert command("reserve", new_order(), expires_at="2099-01-01T01:00:00+01:00")["expires_at"] == LATER


def test_concurrent_orders_for_the_last_units_are_served_until_there_are_none(
    handlers: dict[str, ModuleType], command: Command, levels: Levels, monkeypatch: pytest.MonkeyPatch, waits: Any
):
    """40 orders for 5 units, each twice, on a table that refuses all but one transaction at a time."""
    client = aws.client("dynamodb")
    contended = Contended(client, monkeypatch)
    orders = [new_order() for _ in range(40)]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda order: (order, _until_done(command, order)), orders * 2))

    outcomes = {order: {answer["outcome"] for name, answer in answers if name == order} for order in orders}
    assert all(len(distinct) == 1 for distinct in outcomes.values()), "the same order, the same answer"
    assert Counter(outcome for [outcome] in outcomes.values()) == {"reserved": 5, "out_of_stock": 35}
    assert levels(TEA) == (0, 5)
    assert contended.conflicts, "they were in each other's way"


def test_commands_on_one_order_at_the_same_time_leave_it_in_one_state(
    command: Command, levels: Levels, monkeypatch: pytest.MonkeyPatch, waits: Any
):
    client = aws.client("dynamodb")
    Contended(client, monkeypatch)
    for _ in range(10):
        order, before = new_order(), levels(TEA)
        command("reserve", order)

        with ThreadPoolExecutor(2) as pool:
            shipped, released = pool.map(_until_done, [command] * 2, [order] * 2, ["ship", "release"])

        assert (shipped["outcome"], released["outcome"]) in [("shipped", "closed"), ("closed", "released")]
        gone = 1 if shipped["outcome"] == "shipped" else 0
        assert levels(TEA) == (before[0] - gone, 0)
        if levels(TEA)[0] == 0:
            break


def _until_done(command: Command, order: str, name: str = "reserve") -> dict[str, Any]:
    """As the workflow does: a command that found the stock busy is sent again."""
    while True:
        try:
            return command(name, order)
        except StockBusyError:
            continue


@pytest.mark.parametrize("name", ["reserve", "ship"])
def test_contention_without_end_is_an_error_that_the_workflow_retries(
    command: Command, levels: Levels, monkeypatch: pytest.MonkeyPatch, waits: list[float], name: str
):
    order = new_order()
    if name == "ship":
        command("reserve", order)
    before = levels(TEA)

    def conflicting(**_: Any) -> None:
        raise canceled_transaction("None", "TransactionConflict")

    monkeypatch.setattr(aws.client("dynamodb"), "transact_write_items", conflicting)

    with pytest.raises(StockBusyError):
        command(name, order)
    assert len(waits) == PATIENCE.attempts - 1
    assert levels(TEA) == before


def test_a_shortage_beside_a_conflict_is_not_believed(
    command: Command, monkeypatch: pytest.MonkeyPatch, waits: list[float]
):
    """The other may be this very order: it has the unit, and its record is still being written."""
    client = aws.client("dynamodb")
    write, refusals = client.transact_write_items, [("TransactionConflict", "ConditionalCheckFailed")] * 2

    def conflicting(**arguments: Any) -> Any:
        if refusals:
            raise canceled_transaction(*refusals.pop())
        return write(**arguments)

    monkeypatch.setattr(client, "transact_write_items", conflicting)

    assert command("reserve", new_order())["outcome"] == "reserved"
    assert len(waits) == 2


def test_a_table_that_lost_what_is_reserved_is_an_error_and_not_a_negative_number(
    command: Command, cloud: Any, levels: Levels
):
    order = new_order()
    command("reserve", order)
    cloud.update_item(
        TableName=STOCK,
        Key={"sku": {"S": TEA}},
        UpdateExpression="SET reserved = :none",
        ExpressionAttributeValues={":none": {"N": "0"}},
    )

    with pytest.raises(Exception, match="ConditionalCheckFailed"):
        command("release", order)
    assert levels(TEA) == (4, 0)


def test_an_error_that_nobody_foresaw_reaches_the_workflow(command: Command, monkeypatch: pytest.MonkeyPatch):
    def denied(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "TransactWriteItems")

    monkeypatch.setattr(aws.client("dynamodb"), "transact_write_items", denied)

    with pytest.raises(ClientError, match="AccessDenied"):
        command("reserve", new_order())
