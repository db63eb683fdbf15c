"""EventBridge Scheduler: runs schedules at their times, with their role, and remembers which times are done."""

from __future__ import annotations

import json
import logging
import re
import secrets
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from scripts.local import engine
from scripts.local.functions import destinations
from scripts.local.settings import ACCOUNT_ID, REGION
from scripts.local.targets import schedule_times, target_access
from scripts.local.targets.schedule_times import ScheduleExpressionError
from scripts.local.targets.target_access import SCHEDULER
from scripts.local.targets.target_calls import Delivery
from scripts.local.targets.target_deliveries import TargetDeliveries

LOOK_SECONDS = 0.25
_DONE = "schedules_done"
_KEYWORD = re.compile(r"<aws\.scheduler\.(schedule-arn|scheduled-time|execution-id|attempt-number)>")
logger = logging.getLogger("tradepost.schedules")


class Schedules:
    """Looks at all schedules several times a second; one that was due while the cloud was down runs at its start."""

    def __init__(self, deliveries: TargetDeliveries, changed: Callable[[], None]) -> None:
        self._deliveries = deliveries
        self._changed = changed
        self._service = engine.service("scheduler")
        self._done: dict[str, float] = {}
        self._stopping = threading.Event()

    def install(self) -> None:
        """Take the times over from ministack, check what schedules are made of, and save what is done."""
        service = self._service
        state, restore, create, update = (
            service.get_state,
            service._restore_state,
            service._create_schedule,
            service._update_schedule,
        )

        def state_with_done() -> Any:
            return {**state(), _DONE: dict(self._done)}

        def restore_with_done(data: Any) -> None:
            restore(data)
            self._done.update((data or {}).get(_DONE, {}))

        service.get_state, service._restore_state = state_with_done, restore_with_done
        service._create_schedule = lambda name, body: _refusal(service, name, body) or create(name, body)
        service._update_schedule = lambda name, body: _refusal(service, name, body) or update(name, body)
        service.start_scheduler = lambda: None

    def start(self) -> None:
        """Begin to run schedules; only after the saved ones are back."""
        threading.Thread(target=self._run, name="schedules", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        with engine.core("responses").request_scope(ACCOUNT_ID, REGION):
            while not self._stopping.wait(LOOK_SECONDS):
                for key, schedule in list(self._service._schedules.items()):
                    try:
                        self._look(key, schedule)
                    except Exception:
                        logger.exception("the schedule %s failed; it goes on", key)

    def _look(self, key: str, schedule: dict[str, Any]) -> None:
        """Run a schedule when it is due; delete it when it is over and says so."""
        now, arn = time.time(), schedule["Arn"]
        since = max(self._done.get(arn, 0.0), float(schedule["LastModificationDate"]) - 0.001)
        due = schedule_times.next_time(schedule, since)
        if due is not None and due <= now and schedule.get("State") == "ENABLED":
            self._done[arn] = now if not schedule_times.is_one_time(schedule) else due
            self._deliveries.accept(delivery(schedule, due))
            self._changed()
            due = schedule_times.next_time(schedule, self._done[arn])
        if due is None and schedule.get("ActionAfterCompletion") == "DELETE":
            self._service._schedules.pop(key, None)
            self._done.pop(arn, None)
            self._changed()


def delivery(schedule: dict[str, Any], due: float) -> Delivery:
    """What Scheduler sends for one occurrence; the keywords in the input get their values."""
    now, arn = time.time(), schedule["Arn"]
    execution, scheduled = secrets.token_hex(8), destinations.timestamp(due)
    values = {
        "schedule-arn": arn,
        "scheduled-time": scheduled,
        "execution-id": execution,
        "attempt-number": "1",
    }
    text = schedule["Target"].get("Input") or _default_input(arn, scheduled)
    payload = _KEYWORD.sub(lambda match: values[match[1]], text)
    return Delivery(
        id=str(uuid.uuid4()),
        principal=SCHEDULER,
        source_arn=arn,
        target=schedule["Target"],
        payload=payload,
        letter=payload,
        accepted=now,
        due=now,
        attributes={"EXECUTION_ID": execution, "IS_PAYLOAD_TRUNCATED": "false", "SCHEDULED_TIME": scheduled},
    )


def _default_input(arn: str, scheduled: str) -> str:
    return json.dumps(
        {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": ACCOUNT_ID,
            "time": scheduled,
            "region": REGION,
            "resources": [arn],
            "detail": "{}",
        }
    )


def _refusal(service: Any, name: str, body: dict[str, Any]) -> Any:
    """Scheduler's answer to a schedule that could never run; None when it is accepted."""
    try:
        if body.get("ScheduleExpression"):
            schedule_times.check(body["ScheduleExpression"], body.get("ScheduleExpressionTimezone") or "UTC")
    except ScheduleExpressionError as error:
        return service._error(400, "ValidationException", str(error))
    role = (body.get("Target") or {}).get("RoleArn")
    arn = service._schedule_arn(body.get("GroupName", "default"), name)
    if role and not target_access.assumable(role, SCHEDULER, arn):
        message = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        return service._error(400, "ValidationException", message)
    return None
