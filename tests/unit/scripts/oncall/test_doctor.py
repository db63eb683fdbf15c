"""What the doctor finds, and what it leaves in peace."""

from dataclasses import replace
from typing import Any

import pytest

from scripts.environment import ROOT
from scripts.oncall.doctor import findings
from scripts.oncall.doctor.command import place
from scripts.oncall.doctor.findings import Health, Severity, Trigger

WELL = Health(
    key="orders.api",
    memory_mb=512,
    timeout_s=10,
    place="terraform/services/orders/functions.tf:11",
    runs=1000,
    p99_ms=300,
    used_mb=300,
    cold=10,
    serving="7",
    newest="7",
)


def test_a_healthy_function_has_no_findings() -> None:
    assert list(findings.of_function(WELL)) == []


@pytest.mark.parametrize(
    ("seen", "severity", "said", "where"),
    [
        ({"p99_ms": 8100}, Severity.WARNING, "81 % of its time-out", "timeout, terraform/services/orders"),
        ({"timeouts": 2, "p99_ms": 9900}, Severity.CRITICAL, "cut off at 10 s", "timeout"),
        ({"used_mb": 430}, Severity.WARNING, "430 of 512 MB", "memory_size"),
        ({"used_mb": 500}, Severity.CRITICAL, "98 %", "memory_size"),
        ({"used_mb": 60}, Severity.NOTE, "at most 60", "make tune FUNCTION=orders.api"),
        ({"throttles": 3}, Severity.CRITICAL, "want of concurrency", "concurrency.orders.api.reserved"),
        ({"errors": 20}, Severity.WARNING, "20 of 1000", "make logs FUNCTION=orders.api"),
        ({"dropped": 1}, Severity.CRITICAL, "given up", "make redrive QUEUE=orders.api"),
        ({"behind_ms": 90_000}, Severity.WARNING, "90 s behind", "stream-iterator-age.md"),
        ({"cold": 200}, Severity.WARNING, "started cold", "concurrency.orders.api.provisioned"),
        ({"serving": "6"}, Severity.WARNING, "serves version 6, the newest is 7", "make rollout"),
        ({"serving": "6", "weights": {"7": 0.1}}, Severity.NOTE, "10 % to version 7", "make rollout"),
    ],
)
def test_each_trouble_is_one_finding_with_what_to_change(
    seen: dict[str, Any], severity: Severity, said: str, where: str
) -> None:
    [found] = findings.of_function(replace(WELL, **seen))
    assert found.severity is severity
    assert said in found.seen
    assert where in found.where
    assert found.change


@pytest.mark.parametrize(
    "seen",
    [
        {"errors": 5},  # below a percent
        {"cold": 19, "runs": 20},  # a quiet function always starts cold
        {"p99_ms": 9900, "may_be_slow": True},
        {"used_mb": 60, "runs": 10},
        {"runs": 0, "used_mb": 0, "p99_ms": 0, "cold": 0},
    ],
)
def test_what_is_normal_is_no_finding(seen: dict[str, Any]) -> None:
    assert list(findings.of_function(replace(WELL, **seen))) == []


@pytest.mark.parametrize(
    ("seen", "count"),
    [
        ({}, 0),
        ({"state": "Disabled"}, 1),
        ({"last_result": "PROBLEM: Function call failed"}, 1),
        ({"visibility_s": 30, "timeout_s": 30}, 1),
        ({"visibility_s": 180, "timeout_s": 30}, 0),
    ],
)
def test_triggers(seen: dict[str, Any], count: int) -> None:
    trigger = Trigger("orders.publish", "table/order-events", "Enabled", "OK", "uuid")
    assert len(list(findings.of_trigger(replace(trigger, **seen)))) == count


def test_an_alarm_names_its_runbook() -> None:
    found = findings.of_alarm("a", "too many", "It fails. Runbook: https://example.com/function-errors.md")
    assert (found.severity, found.where) == (Severity.CRITICAL, "https://example.com/function-errors.md")


def test_failure_queues_and_counts() -> None:
    assert list(findings.of_failure_queue("q", 0, 0)) == []
    [found] = findings.of_failure_queue("q", 3, 7200)
    assert "2.0 h" in found.seen
    assert list(findings.of_count("t", 0, "x", "y", "z")) == []


def test_the_place_of_a_setting_is_a_line_of_terraform() -> None:
    file, _, number = place("orders.publish").partition(":")
    assert "publish = {" in (ROOT / file).read_text().splitlines()[int(number) - 1]
    assert place("nobody.nothing") == "terraform/services/nobody"
