"""When schedules run: zones, changes of summer time, rates, one-time schedules, start and end."""

import importlib
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scripts.local import engine
from scripts.local.targets import schedule_times
from scripts.local.targets.schedule_times import ScheduleExpressionError

MADE = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's cron parser without the engine."""
    module = importlib.import_module("ministack.services.eventbridge")
    monkeypatch.setattr(engine, "service", lambda _name: module)


def schedule(expression: str, zone: str = "UTC", **more: Any) -> dict[str, Any]:
    return {"ScheduleExpression": expression, "ScheduleExpressionTimezone": zone, "CreationDate": MADE, **more}


def moment(text: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def times(found: dict[str, Any], after: str, count: int, zone: str = "UTC") -> list[str]:
    """The next occurrences as UTC clock times."""
    at, result = moment(after, zone), []
    for _ in range(count):
        at = schedule_times.next_time(found, at) or 0
        result.append(datetime.fromtimestamp(at, UTC).isoformat(timespec="minutes")[:16])
    return result


def test_cron_is_in_the_schedule_s_zone_before_and_after_a_change_to_summer_time() -> None:
    found = schedule("cron(30 8 * * ? *)", "Europe/Berlin")
    assert times(found, "2026-03-27T12:00", 3) == ["2026-03-28T07:30", "2026-03-29T06:30", "2026-03-30T06:30"]


def test_a_time_that_summer_time_leaves_out_is_skipped() -> None:
    found = schedule("cron(30 2 * * ? *)", "Europe/Berlin")
    assert times(found, "2026-03-28T00:00", 2) == ["2026-03-28T01:30", "2026-03-30T00:30"]


def test_a_time_that_comes_twice_in_autumn_runs_once() -> None:
    found = schedule("cron(30 2 * * ? *)", "Europe/Berlin")
    assert times(found, "2026-10-24T12:00", 2) == ["2026-10-25T00:30", "2026-10-26T01:30"]


def test_a_rate_begins_when_it_is_made_or_at_its_start() -> None:
    assert schedule_times.next_time(schedule("rate(2 hours)"), MADE - 1) == MADE
    assert schedule_times.next_time(schedule("rate(2 hours)"), MADE) == MADE + 7200
    assert schedule_times.next_time(schedule("rate(1 day)"), MADE + 86400.5) == MADE + 2 * 86400
    started = schedule("rate(5 minutes)", StartDate=MADE + 60)
    assert schedule_times.next_time(started, MADE) == MADE + 60


def test_one_time_schedules_run_once_in_their_zone() -> None:
    found = schedule("at(2026-06-01T09:00:00)", "America/New_York")
    due = moment("2026-06-01T13:00")
    assert schedule_times.next_time(found, MADE) == due
    assert schedule_times.next_time(found, due) is None


def test_nothing_runs_after_the_end() -> None:
    assert schedule_times.next_time(schedule("rate(1 hour)", EndDate=MADE + 3600), MADE + 1) == MADE + 3600
    assert schedule_times.next_time(schedule("rate(1 hour)", EndDate=MADE + 3600), MADE + 3600) is None


@pytest.mark.parametrize(
    "expression", ["rate(0 minutes)", "rate(1 week)", "at(tomorrow)", "cron(* * * * * *)", "daily"]
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(ScheduleExpressionError, match="Invalid Schedule Expression"):
        schedule_times.check(expression, "UTC")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", ""])
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(ScheduleExpressionError, match="Invalid ScheduleExpressionTimezone"):
        schedule_times.check("rate(1 hour)", zone)
