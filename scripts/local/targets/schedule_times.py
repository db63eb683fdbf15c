"""When a schedule of EventBridge Scheduler runs: at(), rate() and cron() in its time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scripts.local import engine

_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)s?\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


class ScheduleExpressionError(Exception):
    """The expression or the time zone cannot be used; the message is AWS's."""


def check(expression: str, timezone: str) -> None:
    """Raise ScheduleExpressionError for an expression or a time zone that Scheduler does not take."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ScheduleExpressionError(f"Invalid ScheduleExpressionTimezone {timezone}.") from error
    if not (_AT.fullmatch(expression) or _RATE.fullmatch(expression) or _cron(expression)):
        raise ScheduleExpressionError(f"Invalid Schedule Expression {expression}.")


def is_one_time(schedule: dict[str, Any]) -> bool:
    return _AT.fullmatch(schedule["ScheduleExpression"]) is not None


def next_time(schedule: dict[str, Any], after: float) -> float | None:
    """The first occurrence after a moment, both in Unix seconds; None when there is none within start and end.

    A rate begins with the start date or, without one, when the schedule is made. A wall-clock time that a change to
    summer time leaves out is skipped; one that comes twice in autumn counts once.
    """
    start, end = _date(schedule.get("StartDate")), _date(schedule.get("EndDate"))
    after = max(after, start - 0.001) if start is not None else after
    expression, zone = schedule["ScheduleExpression"], ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC")
    if one_time := _AT.fullmatch(expression):
        found = datetime.fromisoformat(one_time[1]).replace(tzinfo=zone).timestamp()
        return found if found > after else None
    if rate := _RATE.fullmatch(expression):
        anchor, step = start if start is not None else float(schedule["CreationDate"]), _SECONDS[rate[2]] * int(rate[1])
        moment: float | None = anchor if anchor > after else anchor + step * ((after - anchor) // step + 1)
    else:
        moment = _next_cron(expression, zone, after)
    return None if moment is None or (end is not None and moment > end) else moment


def _next_cron(expression: str, zone: ZoneInfo, after: float) -> float | None:
    fields = _cron(expression)
    wall: datetime | None = datetime.fromtimestamp(after, zone).replace(tzinfo=UTC)
    while fields and wall is not None:
        wall = engine.service("eventbridge")._cron_next_fire(fields, wall)
        if wall is None:
            return None
        moment = wall.replace(tzinfo=zone)
        exists = moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None)
        if exists and moment.timestamp() > after:
            return moment.timestamp()
    return None


def _cron(expression: str) -> Any:
    return engine.service("eventbridge")._parse_cron_fields(expression)


def _date(value: Any) -> float | None:
    """StartDate and EndDate are Unix seconds or ISO 8601."""
    if value is None or isinstance(value, int | float):
        return value
    return datetime.fromisoformat(str(value)).timestamp()
