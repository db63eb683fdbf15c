"""Which log groups are read, what is asked of CloudWatch Logs, and how lines look."""

import json
from typing import Any

import pytest

from scripts import log_lines, logs
from scripts.console import Failure
from scripts.log_lines import Line

GROUPS = {
    "/aws/lambda/tradepost-dev-orders-api": "orders.api",
    "/aws/lambda/tradepost-dev-orders-publish": "orders.publish",
    "/aws/lambda/tradepost-dev-catalog-api": "catalog.api",
    "/aws/apigateway/tradepost-dev/access": "gateway",
}


class FakeLogs:
    """DescribeLogGroups and FilterLogEvents over given events by group; every page holds one."""

    def __init__(self, events: dict[str, list[dict[str, Any]]]) -> None:
        self.events = events
        self.asked: list[dict[str, Any]] = []

    def get_paginator(self, operation: str) -> Any:
        fake = self

        class Paginator:
            def paginate(self, **query: Any) -> Any:
                if operation == "describe_log_groups":
                    names = [name for name in fake.events if name.startswith(query["logGroupNamePrefix"])]
                    yield from ({"logGroups": [{"logGroupName": name}]} for name in names)
                    return
                fake.asked.append(query)
                for event in fake.events[query["logGroupName"]]:
                    if event["timestamp"] >= query["startTime"]:
                        yield {"events": [event]}

        return Paginator()


def event(timestamp: int, message: str) -> dict[str, Any]:
    return {"timestamp": timestamp, "message": message, "eventId": f"{timestamp}{message}"}


def test_groups_are_named_after_service_and_function() -> None:
    client = FakeLogs({name: [] for name in [*GROUPS, "/aws/lambda/other", "/aws/lambda/tradepost-prod-orders-api"]})
    assert logs.log_groups(client, "dev") == GROUPS


@pytest.mark.parametrize(
    ("service", "function", "origins"),
    [
        ("", "", ["orders.api", "orders.publish", "catalog.api", "gateway"]),
        ("orders", "", ["orders.api", "orders.publish"]),
        ("", "api", ["orders.api", "catalog.api"]),
        ("catalog", "api", ["catalog.api"]),
        ("", "orders.publish", ["orders.publish"]),
        ("payments", "", []),
    ],
)
def test_groups_are_chosen(service: str, function: str, origins: list[str]) -> None:
    assert list(logs.chosen(GROUPS, service, function).values()) == origins


def test_events_of_all_groups_come_in_order_and_only_those_with_the_id() -> None:
    api, publish = list(GROUPS)[:2]
    client = FakeLogs(
        {api: [event(1, "old ord_1"), event(12, "a ord_1"), event(14, "b")], publish: [event(13, "c ord_1")]}
    )
    found = logs.read(client, {api: "orders.api", publish: "orders.publish"}, 10, "ord_1")
    assert [(one.origin, one.message) for one in found] == [("orders.api", "a ord_1"), ("orders.publish", "c ord_1")]
    assert {query["filterPattern"] for query in client.asked} == {'"ord_1"'}


def test_a_tail_yields_what_is_new_once_even_when_it_arrives_late(monkeypatch: pytest.MonkeyPatch) -> None:
    group = next(iter(GROUPS))
    client = FakeLogs({group: [event(100_000, "before")]})
    monkeypatch.setattr(logs, "_now_ms", lambda: 105_000)
    arriving = [event(104_000, "first"), event(103_000, "late"), event(105_000, "last")]

    def wait(_: float) -> None:
        client.events[group].append(arriving.pop(0))

    found = logs.tail(client, {group: "orders.api"}, "", 95_000, wait)
    assert [next(found).message for _ in range(3)] == ["first", "late", "last"]


@pytest.mark.parametrize(("period", "seconds"), [("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86400)])
def test_periods(period: str, seconds: int) -> None:
    assert logs.seconds(period) == seconds


def test_a_period_that_is_none_says_what_to_give() -> None:
    with pytest.raises(Failure) as failure:
        logs.seconds("soon")
    assert "15m" in failure.value.hint


def test_a_log_line_shows_level_message_and_what_people_look_for() -> None:
    message = {
        "level": "INFO",
        "location": "place_order:120",
        "message": "order placed",
        "timestamp": "2026-01-01",
        "service": "orders",
        "cold_start": False,
        "xray_trace_id": "1-2-3",
        "order_id": "ord_1",
        "request_id": "r-1",
        "lines": 2,
    }
    line = log_lines.readable(json.dumps(message))
    assert line == Line("INFO", "order placed  order_id=ord_1 request_id=r-1 lines=2")


def test_an_exception_is_a_stack_below_its_line() -> None:
    line = log_lines.readable(
        json.dumps({"level": "ERROR", "message": "broken", "exception": "Traceback\n  ValueError"})
    )
    assert line == Line("ERROR", "broken\n    Traceback\n      ValueError")


def test_platform_lines_say_how_long_and_how_much() -> None:
    text = (
        "REPORT RequestId: r-1\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 256 MB\t"
        "Max Memory Used: 45 MB\tInit Duration: 160.00 ms"
    )
    expected = Line("REPORT", "took 12.34 ms, 45 of 256 MB, cold start 160.00 ms  function_request_id=r-1")
    assert log_lines.readable(text) == expected
    metrics = {"durationMs": 12.34, "memorySizeMB": 256, "maxMemoryUsedMB": 45, "initDurationMs": "160.00"}
    record = {"requestId": "r-1", "metrics": metrics, "status": "success"}
    assert log_lines.readable(json.dumps({"type": "platform.report", "record": record})) == expected
    timed_out = log_lines.readable(json.dumps({"type": "platform.report", "record": {**record, "status": "timeout"}}))
    assert timed_out is not None
    assert "timeout" in timed_out.text
    assert log_lines.readable("START RequestId: r-1 Version: 3") is None
    assert log_lines.readable(json.dumps({"type": "platform.start", "record": {}})) is None


def test_metrics_access_lines_and_plain_text() -> None:
    emf = {"_aws": {"CloudWatchMetrics": [{"Metrics": [{"Name": "OrdersPlaced"}]}]}, "OrdersPlaced": [1.0, 1.0]}
    assert log_lines.readable(json.dumps(emf)) == Line("METRIC", "OrdersPlaced=2")
    access = {
        "method": "POST",
        "route": "/orders",
        "status": 403,
        "latency_ms": 3,
        "request_id": "r",
        "partner_id": "-",
    }
    assert log_lines.readable(json.dumps(access)) == Line("ACCESS", "POST /orders -> 403 in 3 ms  request_id=r")
    assert log_lines.readable("[INFO] {not json") == Line("", "[INFO] {not json")


@pytest.mark.parametrize(
    ("level", "least", "shown"),
    [
        ("INFO", "", True),
        ("REPORT", "", True),
        ("INFO", "warning", False),
        ("ERROR", "WARN", True),
        ("REPORT", "INFO", False),
    ],
)
def test_levels(level: str, least: str, *, shown: bool) -> None:
    assert log_lines.at_least(level, least) is shown
