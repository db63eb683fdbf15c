from types import ModuleType
from typing import Any

import pytest

from shared.paging import InvalidTokenError, encode
from tests.component.orders.support import BODY, EVENTS, VIEW, Call, Context, stream_records

type Handlers = dict[str, ModuleType]


@pytest.fixture
def order_ids(call: Call) -> list[str]:
    ids = [call("POST", "/orders", BODY, key=f"key-{number}").json["order_id"] for number in range(7)]
    for order_id in ids[::2]:
        call("POST", f"/orders/{order_id}/cancel", {"reason": "x"})
    return ids


def view(cloud: Any) -> list[dict[str, Any]]:
    return sorted(cloud.scan(TableName=VIEW)["Items"], key=lambda row: row["order_id"]["S"])


def replay_all(handlers: Handlers, *, remaining: int = 30_000, **event: Any) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = []
    token = None
    while not answers or token:
        answers.append(handlers["replay"].handler(event | {"next": token}, Context(remaining)))
        token = answers[-1]["next"]
        assert len(answers) < 50, "the replay does not come to an end"
    return answers


def test_a_lost_read_model_is_rebuilt(handlers: Handlers, cloud: Any, order_ids: list[str]):
    handlers["project"].handler({"Records": stream_records(cloud)}, Context())
    expected = view(cloud)
    for row in expected:
        cloud.delete_item(TableName=VIEW, Key={"order_id": row["order_id"]})

    assert handlers["replay"].handler({}, Context()) == {"orders": 7, "removed": 0, "failed": 0, "next": None}
    assert view(cloud) == expected


@pytest.mark.parametrize("pace", [{"limit": 1}, {"limit": 3}, {"remaining": 0}, {"limit": 2, "remaining": 0}])
def test_a_replay_in_small_steps_handles_each_order_once(
    handlers: Handlers, cloud: Any, order_ids: list[str], pace: dict[str, int]
):
    orphan = {"order_id": {"S": "ord_01M84J3WXXK5X6TVQ8GQSWCYK7"}, "sequence": {"N": "1"}}
    cloud.put_item(TableName=VIEW, Item=orphan)

    answers = replay_all(handlers, **pace)

    assert sum(answer["orders"] for answer in answers) == len(order_ids)
    assert sum(answer["removed"] for answer in answers) == 1
    assert {row["order_id"]["S"] for row in view(cloud)} == set(order_ids)


def test_wrong_rows_are_mended(handlers: Handlers, cloud: Any, order_ids: list[str]):
    handlers["replay"].handler({}, Context())
    expected = view(cloud)
    for row in expected:
        cloud.put_item(TableName=VIEW, Item=row | {"status": {"S": "wrong"}})

    handlers["replay"].handler({}, Context())

    assert view(cloud) == expected


def test_orders_placed_and_canceled_meanwhile_are_not_harmed(
    call: Call, handlers: Handlers, cloud: Any, order_ids: list[str]
):
    token = handlers["replay"].handler({"limit": 4}, Context())["next"]
    placed = call("POST", "/orders", BODY, key="meanwhile").json["order_id"]
    call("POST", f"/orders/{order_ids[1]}/cancel", {"reason": "meanwhile"})
    handlers["project"].handler({"Records": stream_records(cloud)}, Context())
    expected = view(cloud)

    while token:
        token = handlers["replay"].handler({"next": token, "limit": 2}, Context())["next"]

    assert view(cloud) == expected
    assert placed in {row["order_id"]["S"] for row in expected}


def test_an_order_that_cannot_be_read_does_not_stop_the_others(handlers: Handlers, cloud: Any, order_ids: list[str]):
    strange = {"order_id": {"S": "ord_01M84J3WXXK5X6TVQ8GQSWCYK7"}, "sequence": {"N": "1"}, "type": {"S": "strange"}}
    cloud.put_item(TableName=EVENTS, Item=strange)

    answer = handlers["replay"].handler({}, Context())

    assert answer == {"orders": 7, "removed": 0, "failed": 1, "next": None}


@pytest.mark.parametrize("limit", [0, -1, "5", True, 1.5])
def test_a_wrong_limit_is_refused(handlers: Handlers, limit: object):
    with pytest.raises(ValueError, match="limit"):
        handlers["replay"].handler({"limit": limit}, Context())


@pytest.mark.parametrize(
    "token", ["x", encode("replay", "rebuild"), encode("replay", "elsewhere a"), encode("orders", "sweep")]
)
def test_a_strange_cursor_is_refused(handlers: Handlers, token: str):
    with pytest.raises(InvalidTokenError, match="unchanged"):
        handlers["replay"].handler({"next": token}, Context())
