from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared import aws
from shared.dynamodb import from_item
from tests.component.orders.support import BODY, DETAILS, EVENTS, VIEW, Call, Context, stream_records

type Handlers = dict[str, ModuleType]


@pytest.fixture
def two_orders(call: Call) -> tuple[str, str]:
    """A canceled order and a placed one."""
    ids = [call("POST", "/orders", BODY, key=f"key-{number}").json["order_id"] for number in range(2)]
    call("POST", f"/orders/{ids[0]}/cancel", {"reason": "x"})
    return ids[0], ids[1]


def rows(cloud: Any) -> dict[str, dict[str, Any]]:
    return {row["order_id"]: row for row in map(from_item, cloud.scan(TableName=VIEW)["Items"])}


def test_rows_follow_the_events(call: Call, handlers: Handlers, cloud: Any, two_orders: tuple[str, str]):
    answer = handlers["project"].handler({"Records": stream_records(cloud)}, Context())

    assert answer == {"batchItemFailures": []}
    for order_id, row in rows(cloud).items():
        order = call("GET", f"/orders/{order_id}").json
        assert row.pop("partner_id") == "partner-1"
        assert row.pop("partner_status") == f"partner-1#{order['status']}"
        assert row == {name: value for name, value in order.items() if name not in DETAILS}


def test_records_in_any_order_and_twice_give_the_same_rows(handlers: Handlers, cloud: Any, two_orders: tuple[str, str]):
    records = stream_records(cloud)
    handlers["project"].handler({"Records": records}, Context())
    expected = rows(cloud)

    for record in [*reversed(records), *records]:
        assert handlers["project"].handler({"Records": [record]}, Context()) == {"batchItemFailures": []}
        assert rows(cloud) == expected


def test_a_row_never_goes_back(handlers: Handlers, cloud: Any, two_orders: tuple[str, str]):
    canceled, _ = two_orders
    newer = {"order_id": {"S": canceled}, "sequence": {"N": "3"}, "status": {"S": "from a later release"}}
    cloud.put_item(TableName=VIEW, Item=newer)

    handlers["project"].handler({"Records": stream_records(cloud)}, Context())

    assert rows(cloud)[canceled]["status"] == "from a later release"


def test_each_order_is_read_once_per_batch(
    handlers: Handlers, cloud: Any, two_orders: tuple[str, str], monkeypatch: pytest.MonkeyPatch
):
    client = aws.client("dynamodb")
    query = client.query
    reads: list[dict[str, Any]] = []

    def counted(**arguments: Any) -> Any:
        reads.append(arguments)
        return query(**arguments)

    monkeypatch.setattr(client, "query", counted)

    handlers["project"].handler({"Records": stream_records(cloud) * 3}, Context())

    assert len(reads) == 2
    assert all(read["ConsistentRead"] for read in reads)


def test_an_order_that_cannot_be_read_holds_back_only_its_own_records(
    handlers: Handlers, cloud: Any, two_orders: tuple[str, str]
):
    canceled, placed = two_orders
    cloud.delete_item(TableName=EVENTS, Key={"order_id": {"S": canceled}, "sequence": {"N": "1"}})
    records = stream_records(cloud)

    answer = handlers["project"].handler({"Records": records}, Context())

    [broken] = [r["dynamodb"]["SequenceNumber"] for r in records if r["dynamodb"]["Keys"]["order_id"]["S"] == canceled]
    assert answer == {"batchItemFailures": [{"itemIdentifier": broken}]}
    assert set(rows(cloud)) == {placed}


def test_every_record_of_a_failed_order_comes_again(
    handlers: Handlers, cloud: Any, two_orders: tuple[str, str], monkeypatch: pytest.MonkeyPatch
):
    def throttled(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "PutItem")

    monkeypatch.setattr(aws.client("dynamodb"), "put_item", throttled)
    records = stream_records(cloud)

    answer = handlers["project"].handler({"Records": records}, Context())

    failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    assert failed == [record["dynamodb"]["SequenceNumber"] for record in records]


def test_orders_for_which_no_time_is_left_come_again(
    handlers: Handlers, cloud: Any, two_orders: tuple[str, str], capsys: pytest.CaptureFixture[str]
):
    canceled, placed = two_orders
    records = stream_records(cloud)
    time_left = iter([30_000, 20_000])
    context = Context()
    context.get_remaining_time_in_millis = lambda: next(time_left)  # type: ignore[method-assign]

    answer = handlers["project"].handler({"Records": records}, context)

    [late] = [r["dynamodb"]["SequenceNumber"] for r in records if r["dynamodb"]["Keys"]["order_id"]["S"] == placed]
    assert answer == {"batchItemFailures": [{"itemIdentifier": late}]}
    assert set(rows(cloud)) == {canceled}
    log = capsys.readouterr().out
    assert "no time is left" in log
    assert "ProjectionFailures" not in log


def test_a_removed_order_leaves_nothing_to_project(handlers: Handlers, cloud: Any, two_orders: tuple[str, str]):
    records = stream_records(cloud)
    for record in records:
        cloud.delete_item(TableName=EVENTS, Key=record["dynamodb"]["Keys"])

    assert handlers["project"].handler({"Records": records}, Context()) == {"batchItemFailures": []}
    assert rows(cloud) == {}
