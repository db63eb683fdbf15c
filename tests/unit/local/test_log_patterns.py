"""Filter patterns on messages."""

import json

import pytest

from scripts.local.cloudwatch.log_patterns import PatternError, compile_pattern

LINE = "2026-01-01 ERROR order 42 timed out [500]"
EVENT = json.dumps(
    {
        "level": "ERROR",
        "ms": 120,
        "user": None,
        "ok": False,
        "order": {"id": "ord_1", "lines": [{"sku": "AB-1"}]},
        "a.b": "dotted",
    }
)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("", True),
        ("ERROR", True),
        ("error", False),
        ("ERROR order", True),
        ("ERROR payment", False),
        ("?payment ?order", True),
        ("?payment ?refund", False),
        ('"timed out"', True),
        ('"out timed"', False),
        ("ERROR -timed", False),
        ("ERROR -payment", True),
        ("%order [0-9]+%", True),
        ("%order [a-z]+%", False),
    ],
)
def test_terms(pattern: str, matches: bool) -> None:
    assert compile_pattern(pattern)(LINE) is matches


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ('{ $.level = "ERROR" }', True),
        ("{ $.level = ERROR }", True),
        ('{ $.level = "E*" }', True),
        ('{ $.level != "ERROR" }', False),
        ('{ $.missing != "ERROR" }', False),
        ("{ $.ms > 100 }", True),
        ("{ $.ms >= 121 }", False),
        ("{ $.ms = 120 }", True),
        ("{ $.level > 1 }", False),
        ('{ $.level = "INFO" || $.ms < 200 }', True),
        ('{ $.level = "ERROR" && ($.ms < 100 || $.order.id = "ord_*") }', True),
        ('{ $.level = "INFO" && $.ms > 1 || $.ok IS FALSE }', True),
        ("{ $.user IS NULL }", True),
        ("{ $.missing IS NULL }", False),
        ("{ $.missing NOT EXISTS }", True),
        ("{ $.user EXISTS }", True),
        ('{ $.order.lines[0].sku = "AB-1" }', True),
        ('{ $.order.lines[1].sku = "AB-1" }', False),
        ("{ $['a.b'] = dotted }", True),
        ("{ $.order.id = %ord_[0-9]% }", True),
    ],
)
def test_json(pattern: str, matches: bool) -> None:
    assert compile_pattern(pattern)(EVENT) is matches


def test_a_json_pattern_matches_no_text() -> None:
    assert not compile_pattern("{ $.level EXISTS }")(LINE)


@pytest.mark.parametrize("pattern", ["{ $.a = }", "{ a = 1 }", "{ $.a = 1", "{ $.a ~ 1 }", "{ $.a > x }", "[a, b]"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)
