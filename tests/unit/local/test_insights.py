"""Logs Insights queries on a handful of records."""

import json

import pytest

from scripts.local.cloudwatch import insights
from scripts.local.cloudwatch.insights_parser import QueryError
from scripts.local.cloudwatch.insights_values import Record

MINUTE = 60_000
MESSAGES = [
    json.dumps({"level": "INFO", "partner": "demo", "ms": 10, "order": {"lines": [{"sku": "AB-1"}]}}),
    json.dumps({"level": "INFO", "partner": "acme", "ms": 20}),
    json.dumps({"level": "ERROR", "partner": "demo", "ms": 400, "reason": "timed out | retried"}),
    json.dumps({"level": "WARN", "partner": "demo", "ms": 30.5}),
    "user=jane, method:GET, latency := 15 ms",
    "REPORT RequestId: 0a1b\tDuration: 12.50 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB",
]
"""One a minute, the oldest first."""


def records() -> list[Record]:
    found = [
        insights.record({"timestamp": number * MINUTE, "message": text}, "000000000000:/shop", "one", str(number))
        for number, text in enumerate(MESSAGES)
    ]
    return list(reversed(found))


def rows(query: str) -> list[dict[str, str]]:
    """The rows without @ptr."""
    return [{name: value for name, value in row if name != "@ptr"} for row in insights.run(query, records()).rows]


def column(query: str) -> list[str | None]:
    """The values of the only column."""
    return [next(iter(row.values()), None) for row in rows(query)]


def test_events_are_shown_with_time_and_message_the_newest_first() -> None:
    found = rows("limit 2")
    assert found[0]["@timestamp"] == "1970-01-01 00:05:00.000"
    assert [row["@message"] for row in found] == [MESSAGES[5], MESSAGES[4]]


@pytest.mark.parametrize(
    ("condition", "milliseconds"),
    [
        ('level = "ERROR"', ["400"]),
        ("level = 'ERROR' or ms < 15", ["400", "10"]),
        ('partner = "demo" and not level = "ERROR"', ["30.5", "10"]),
        ('level in ["WARN", "ERROR"]', ["30.5", "400"]),
        ('level not in ["WARN", "ERROR"] and ispresent(ms)', ["20", "10"]),
        ("ms >= 30 and ms <= 400", ["30.5", "400"]),
        ("ms > 5 * 4 + 10.4", ["30.5", "400"]),
        ("level like /WARN|ERR/", ["30.5", "400"]),
        ("level like /(?i)warn/", ["30.5"]),
        ("level =~ /^E/", ["400"]),
        ('reason like "out | ret"', ["400"]),
        ('@message not like "INFO" and ispresent(level)', ["30.5", "400"]),
        ('order.lines.0.sku = "AB-1"', ["10"]),
        ("strlen(level) = 5", ["400"]),
        ("(level = 'INFO' or level = 'WARN') and ms > 15", ["30.5", "20"]),
        ("@timestamp < 60000", ["10"]),
    ],
)
def test_filters(condition: str, milliseconds: list[str]) -> None:
    assert column(f"fields ms | filter {condition}") == milliseconds


def test_fields_compute_and_name() -> None:
    found = rows("fields ms * 2 as double, concat(partner, '/', level) as who | filter ms = 20")
    assert found == [{"double": "40", "who": "acme/INFO"}]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("stats count(*) as n", [{"n": "6"}]),
        (
            "stats count(ms) as n, sum(ms), avg(ms), min(ms), max(ms)",
            [{"n": "4", "sum(ms)": "460.5", "avg(ms)": "115.125", "min(ms)": "10", "max(ms)": "400"}],
        ),
        ("stats pct(ms, 50) as p50, count_distinct(partner) as partners", [{"p50": "25.25", "partners": "2"}]),
        (
            "filter ispresent(level) | stats count(*) as n by level | sort n desc, level asc",
            [{"level": "INFO", "n": "2"}, {"level": "ERROR", "n": "1"}, {"level": "WARN", "n": "1"}],
        ),
        (
            "filter ispresent(ms) | stats max(ms) as slowest by bin(2m) as time | sort time",
            [
                {"time": "1970-01-01 00:00:00.000", "slowest": "20"},
                {"time": "1970-01-01 00:02:00.000", "slowest": "400"},
            ],
        ),
        ("stats count(*) by bin(1h)", [{"bin(1h)": "1970-01-01 00:00:00.000", "count(*)": "6"}]),
        ("stats 100 * sum(level = 'ERROR') / count(ms) as percent", [{"percent": "25"}]),
        ("filter level = 'FATAL' | stats count(*) as n", [{"n": "0"}]),
        ("stats sum(ms) as total by partner | filter total > 100 | display partner", [{"partner": "demo"}]),
        (
            "filter @type = 'REPORT' | stats max(@duration) as d, max(@maxMemoryUsed / 1000 / 1000) as mb",
            [{"d": "12.5", "mb": "64"}],
        ),
    ],
)
def test_stats(query: str, expected: list[dict[str, str]]) -> None:
    assert rows(query) == expected


def test_parse_with_a_glob_and_with_a_regex() -> None:
    glob = 'parse @message "user=*, method:*, latency := * ms" as @user, @method, @latency'
    assert rows(f"{glob} | filter ispresent(@user) | display @user, @method, @latency + 1 as more") == [
        {"@user": "jane", "@method": "GET", "more": "16"}
    ]
    regex = r"parse @message /latency := (?<took>\d+) (?<unit>ms|s)/"
    assert rows(f"fields @logStream | {regex} | filter took > 0") == [{"@logStream": "one", "took": "15", "unit": "ms"}]


def test_sort_limit_and_dedup() -> None:
    assert column("fields ms | filter ispresent(ms) | sort ms desc") == ["400", "30.5", "20", "10"]
    assert column("fields partner | filter ispresent(partner) | sort ms asc | dedup partner") == ["demo", "acme"]
    assert column("fields ms | sort ms asc | limit 1") == ["10"]


def test_comments_and_lines() -> None:
    query = """fields ms   # the duration
    | filter level = "ERROR" # a | in a comment
    """
    assert column(query) == ["400"]


@pytest.mark.parametrize(
    "query",
    [
        "filter level = 'NONE' | fields nosuch(ms)",
        "select 1",
        "filter level = ",
        "fields nosuch(ms)",
        "limit x",
        "stats count(*",
        "parse @message 'a*b'",
    ],
)
def test_malformed_queries_are_refused(query: str) -> None:
    with pytest.raises(QueryError):
        rows(query)
