"""A change of an alarm's state: an event on the default bus, the actions of the new state, and the alarm's history."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Mapping
from typing import Any

from scripts.local import engine
from scripts.local.cloudwatch import alarm_messages
from scripts.local.cloudwatch.alarm_messages import Change
from scripts.local.cloudwatch.alarm_suppression import Suppression
from scripts.local.settings import ACCOUNT_ID

HISTORY_ITEMS = 500
"""How many history items all alarms have together; AWS keeps those of 30 days."""

_ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
logger = logging.getLogger("tradepost.alarms")


def install(suppression: Suppression) -> None:
    """Every change of state goes this way: by evaluation, by a composite alarm's rule, by SetAlarmState."""
    service = engine.service("cloudwatch")

    def dispatch(alarm: dict[str, Any], old_state: str, _new_state: str, _reason: str) -> None:
        change = Change(alarm, {"value": old_state, **_previous(alarm["AlarmName"])}, time.time())
        buses = engine.service("eventbridge")
        buses._put_events({"Entries": [alarm_messages.event(change)]}, allow_aws_source=True)
        if alarm.get("ActionsEnabled", True) and not suppression.hold(change):
            act(change)

    service._dispatch_alarm_actions = dispatch
    service._record_history = _record_state


def act(change: Change) -> None:
    """Take the actions of the state that the alarm has changed to."""
    for action in change.alarm.get(_ACTIONS[change.alarm["StateValue"]]) or []:
        if action.startswith("arn:aws:sns:"):
            _publish(change, action)


def _previous(name: str) -> dict[str, Any]:
    """Reason and time of the state before the newest one, from the history."""
    service = engine.service("cloudwatch")
    updates = (
        item
        for item in reversed(service._history_entries())
        if item["AlarmName"] == name and item["HistoryItemType"] == "StateUpdate"
    )
    next(updates, None)
    before = next(updates, None)
    if before is None:
        return {"reason": "Unchecked: Initial alarm creation"}
    new_state = json.loads(before["HistoryData"])["newState"]
    return {"reason": new_state["stateReason"], "timestamp": service._parse_ts(before["Timestamp"])}


def _publish(change: Change, topic: str) -> None:
    """Publish as CloudWatch: the topic's policy must allow it."""
    topics, alarm = engine.service("sns"), change.alarm
    allowed = topics.topic_policy_allows(topic, "cloudwatch.amazonaws.com", alarm["AlarmArn"], ACCOUNT_ID)
    if allowed:
        text, title = alarm_messages.message(change), alarm_messages.subject(change)
        topics._fanout(topic, str(uuid.uuid4()), text, title)
        summary = f"Successfully executed action {topic}"
    else:
        summary = f"Failed to execute action {topic}. Received error: CloudWatch Alarms is not authorized to perform: "
        summary += f"SNS:Publish on resource: {topic}"
        logger.warning("%s (alarm %s)", summary, alarm["AlarmName"])
    data = {"actionState": "Succeeded" if allowed else "Failed", "notificationResource": topic}
    _record(alarm["AlarmName"], "Action", summary, data, composite=change.composite)


def _record_state(
    name: str, old: str, new: str, reason: str, alarm_type: str = "MetricAlarm", reason_data: Any = None
) -> None:
    composite = alarm_type == "CompositeAlarm"
    if old == new:
        _record(name, "ConfigurationUpdate", f'Alarm "{name}" created', {"type": "Create"}, composite=composite)
        return
    state = {"stateValue": new, "stateReason": reason}
    if reason_data is not None:
        state["stateReasonData"] = reason_data
    data = {"oldState": {"stateValue": old}, "newState": state}
    _record(name, "StateUpdate", f"Alarm updated from {old} to {new}", data, composite=composite)


def _record(name: str, kind: str, summary: str, data: Mapping[str, Any], *, composite: bool) -> None:
    service = engine.service("cloudwatch")
    items = service._history_entries()
    items.append(
        {
            "AlarmName": name,
            "AlarmType": "CompositeAlarm" if composite else "MetricAlarm",
            "Timestamp": service._ts_iso(time.time()),
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": json.dumps({"version": "1.0", **data}),
        }
    )
    del items[:-HISTORY_ITEMS]
