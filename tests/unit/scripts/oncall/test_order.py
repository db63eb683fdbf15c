"""The pieces of one order's timeline."""

from datetime import UTC, datetime
from typing import Any

import pytest

from scripts.oncall.order import tables, timeline, workflows
from scripts.oncall.order.timeline import Entry
from shared.ids import new_ulid

ORDER = f"ord_{new_ulid(1767225600123)}"


def test_an_id_tells_when_its_order_began() -> None:
    assert timeline.began(ORDER) == 1767225600.123
    assert timeline.began("ord_1") is None
    assert timeline.began(ORDER.lower()) is None


def test_entries_come_in_order_and_once() -> None:
    first, second = Entry(1, "a", "x"), Entry(2, "a", "x")
    assert timeline.merged([second, first, second]) == [first, second]


class Dynamo:
    """Three tables: by order, with an index by order, and neither."""

    TABLES = {  # noqa: RUF012
        "events": {
            "KeySchema": [
                {"AttributeName": "order_id", "KeyType": "HASH"},
                {"AttributeName": "sequence", "KeyType": "RANGE"},
            ]
        },
        "payments": {
            "KeySchema": [{"AttributeName": "payment_id", "KeyType": "HASH"}],
            "GlobalSecondaryIndexes": [
                {"IndexName": "by_order", "KeySchema": [{"AttributeName": "order_id", "KeyType": "HASH"}]}
            ],
        },
        "answers": {"KeySchema": [{"AttributeName": "key", "KeyType": "HASH"}]},
    }
    ITEMS = {  # noqa: RUF012
        "events": {
            "order_id": {"S": ORDER}, "sequence": {"N": "1"}, "type": {"S": "order_placed"}, "event_id": {"S": "evt_1"},
            "occurred_at": {"S": "2026-01-01T00:00:00.200Z"},
            "data": {"M": {"reference": {"S": "Ada"}, "total": {"N": "5"}}},
        },
        "payments": {
            "payment_id": {"S": "pay_1"}, "order_id": {"S": ORDER}, "status": {"S": "captured"},
            "payment_method": {"S": "pm_card_visa"}, "updated_at": {"S": "2026-01-01T00:00:01.000Z"},
        },
    }  # fmt: skip

    def describe_table(self, TableName: str) -> dict[str, Any]:  # noqa: N803
        return {"Table": self.TABLES[TableName]}

    def get_paginator(self, _name: str) -> Any:
        items = self.ITEMS

        class Pages:
            def paginate(self, **given: Any) -> list[dict[str, Any]]:
                assert given.get("IndexName", "") == ("by_order" if given["TableName"] == "payments" else "")
                return [{"Items": [items[given["TableName"]]]}]

        return Pages()


def test_rows_are_found_by_key_or_by_index_and_show_nothing_personal() -> None:
    found, apart = tables.read(Dynamo(), {"order_events": "events", "payments": "payments", "kept": "answers"}, ORDER)
    assert apart == ["kept"]
    event, payment = found
    assert event.text.startswith("order_placed #1  evt_1")
    assert event.at == 1767225600.2
    assert "status=captured" in payment.text
    assert "Ada" not in event.text
    assert "pm_card" not in payment.text


@pytest.mark.parametrize(
    ("item", "at"),
    [
        ({"updated_at": "2026-01-01T00:00:00Z", "dispatched_at": "2026-01-02T00:00:00Z"}, 1767225600),
        ({"opened_at": "2025-01-01T00:00:00Z", "dispatched_at": "2026-01-01T00:00:00Z"}, 1767225600),
        ({"expires_at": 1767225600, "seen_at": "once"}, timeline.UNKNOWN),
    ],
)
def test_a_row_is_placed_by_the_times_that_it_has(item: dict[str, Any], at: float) -> None:
    assert tables._time(item) == at


class States:
    """A state machine with an old execution, one named after the order, one with it in its input, and another's."""

    def __init__(self) -> None:
        self.executions = [
            ("e4", "other", "{}", 40),
            ("e3", ORDER, "{}", 30),
            ("e2", "event-17", f'{{"order_id": "{ORDER}"}}', 20),
            ("e1", ORDER, "{}", -10),
        ]

    def get_paginator(self, name: str) -> Any:
        pages: dict[str, Any] = {
            "list_state_machines": {
                "stateMachines": [
                    {"name": "tradepost-dev-fulfillment", "stateMachineArn": "m", "type": "STANDARD"},
                    {"name": "tradepost-dev-quick", "stateMachineArn": "x", "type": "EXPRESS"},
                    {"name": "elses", "stateMachineArn": "y", "type": "STANDARD"},
                ]
            },
            "list_executions": {
                "executions": [
                    {
                        "executionArn": arn,
                        "name": known,
                        "status": "FAILED",
                        "startDate": datetime.fromtimestamp(at, UTC),
                    }
                    for arn, known, _, at in self.executions
                ]
            },
            "get_execution_history": {
                "events": [
                    {"timestamp": datetime.fromtimestamp(31, UTC), "type": "ExecutionStarted"},
                    {
                        "timestamp": datetime.fromtimestamp(32, UTC),
                        "type": "TaskStateEntered",
                        "stateEnteredEventDetails": {"name": "Charge"},
                    },
                    {
                        "timestamp": datetime.fromtimestamp(33, UTC),
                        "type": "TaskFailed",
                        "taskFailedEventDetails": {
                            "error": "Declined",
                            "cause": '{"errorMessage": "card tok_12345678"}',
                        },
                    },
                    {"timestamp": datetime.fromtimestamp(33, UTC), "type": "TaskStateExited"},
                ]
            },
        }
        return type("Pages", (), {"paginate": lambda _self, **_given: [pages[name]]})()

    def describe_execution(self, executionArn: str) -> dict[str, str]:  # noqa: N803
        return {"input": next(given for arn, _, given, _ in self.executions if arn == executionArn)}


def test_workflows_are_found_by_name_and_by_input_since_the_order_began() -> None:
    found, complete = workflows.find(States(), "tradepost-dev-", ORDER, began=0)
    assert [one.arn for one in found] == ["e3", "e2"]
    assert complete
    assert found[0].name == f"fulfillment/{ORDER}"


def test_an_execution_tells_its_states_and_failures() -> None:
    execution = workflows.Execution("e3", f"fulfillment/{ORDER}", "FAILED")
    told = workflows.entries(States(), execution)
    assert [(one.text, one.bad) for one in told] == [
        ("started", False),
        ("enters Charge", False),
        ("TaskFailed Declined: card [redacted]", True),
    ]
    assert {one.place for one in told} == {"workflow fulfillment"}
