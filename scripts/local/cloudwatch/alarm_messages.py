"""What an alarm says when it changes state: the SNS message and the EventBridge event, as CloudWatch makes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scripts.local.settings import ACCOUNT_ID, REGION

_REGION_NAMES = {"eu-west-1": "EU (Ireland)"}
_STATISTICS = {
    "SampleCount": "SAMPLE_COUNT",
    "Sum": "SUM",
    "Average": "AVERAGE",
    "Minimum": "MINIMUM",
    "Maximum": "MAXIMUM",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state at a time in epoch seconds; `alarm` is already in the new one, `old` says what it was."""

    alarm: Mapping[str, Any]
    old: Mapping[str, Any]
    at: float

    @property
    def composite(self) -> bool:
        return "AlarmRule" in self.alarm


def subject(change: Change) -> str:
    region = _REGION_NAMES.get(REGION, REGION)
    return f'{change.alarm["StateValue"]}: "{change.alarm["AlarmName"]}" in {region}'[:100]


def message(change: Change) -> str:
    """The body of the SNS message."""
    alarm = change.alarm
    body = {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription") or None,
        "AWSAccountId": ACCOUNT_ID,
        "AlarmConfigurationUpdatedTimestamp": timestamp(alarm.get("AlarmConfigurationUpdatedTimestamp", change.at)),
        "NewStateValue": alarm["StateValue"],
        "NewStateReason": alarm["StateReason"],
        "StateChangeTime": timestamp(change.at),
        "Region": _REGION_NAMES.get(REGION, REGION),
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": change.old["value"],
        "OKActions": alarm.get("OKActions") or [],
        "AlarmActions": alarm.get("AlarmActions") or [],
        "InsufficientDataActions": alarm.get("InsufficientDataActions") or [],
    }
    if change.composite:
        return json.dumps(body | {"AlarmRule": alarm["AlarmRule"], "TriggeringChildren": _children(alarm)})
    return json.dumps(body | {"Trigger": _trigger(alarm)})


def _children(alarm: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = json.loads(alarm.get("StateReasonData") or "{}").get("triggeringAlarms", [])
    return [
        {"Arn": one["arn"], "State": {"Value": one["state"]["value"], "Timestamp": one["state"]["timestamp"]}}
        for one in found
    ]


def _trigger(alarm: Mapping[str, Any]) -> dict[str, Any]:
    trigger: dict[str, Any] = {}
    if alarm.get("Metrics"):
        trigger["Metrics"] = [_query(query) for query in alarm["Metrics"]]
    else:
        kind = "ExtendedStatistic" if alarm.get("ExtendedStatistic") else "Statistic"
        trigger = {
            "MetricName": alarm.get("MetricName"),
            "Namespace": alarm.get("Namespace"),
            "StatisticType": kind,
            kind: alarm.get("ExtendedStatistic") or _STATISTICS.get(alarm.get("Statistic", ""), "AVERAGE"),
            "Unit": alarm.get("Unit") or None,
            "Dimensions": _dimensions(alarm.get("Dimensions")),
        }
    return trigger | {
        "Period": int(alarm.get("Period") or 60),
        "EvaluationPeriods": int(alarm.get("EvaluationPeriods") or 1),
        "DatapointsToAlarm": int(alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods") or 1),
        "ComparisonOperator": alarm.get("ComparisonOperator"),
        "Threshold": float(alarm.get("Threshold") or 0),
        "TreatMissingData": alarm.get("TreatMissingData") or "missing",
        "EvaluateLowSampleCountPercentile": alarm.get("EvaluateLowSampleCountPercentile") or "",
    }


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"Id": query["Id"]}
    if query.get("Expression"):
        shown["Expression"] = query["Expression"]
    if query.get("MetricStat"):
        stat = query["MetricStat"]
        metric = {**stat["Metric"], "Dimensions": _dimensions(stat["Metric"].get("Dimensions"))}
        shown["MetricStat"] = {"Metric": metric, "Period": int(stat.get("Period") or 60), "Stat": stat.get("Stat")}
    if query.get("Label"):
        shown["Label"] = query["Label"]
    return shown | {"ReturnData": returns_data(query)}


def _dimensions(listed: list[Mapping[str, str]] | None) -> list[dict[str, str]]:
    return [{"value": one["Value"], "name": one["Name"]} for one in listed or []]


def event(change: Change) -> dict[str, Any]:
    """The entry for EventBridge: "CloudWatch Alarm State Change"."""
    alarm = change.alarm
    now = {"value": alarm["StateValue"], "reason": alarm["StateReason"], "timestamp": timestamp(change.at)}
    if alarm.get("StateReasonData"):
        now["reasonData"] = alarm["StateReasonData"]
    configuration: dict[str, Any] = {"description": alarm.get("AlarmDescription") or ""}
    if change.composite:
        configuration["alarmRule"] = alarm["AlarmRule"]
    else:
        configuration["metrics"] = [_event_query(query) for query in queries(alarm)]
    before = dict(change.old)
    if "timestamp" in before:
        before["timestamp"] = timestamp(before["timestamp"])
    detail = {
        "alarmName": alarm["AlarmName"],
        "state": now,
        "previousState": before,
        "configuration": configuration,
    }
    return {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Resources": [alarm["AlarmArn"]],
        "Detail": json.dumps(detail),
    }


def _event_query(query: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": query["Id"], "returnData": returns_data(query)}
    if query.get("Expression"):
        shown["expression"] = query["Expression"]
    if query.get("MetricStat"):
        stat = query["MetricStat"]
        metric = {
            "namespace": stat["Metric"].get("Namespace"),
            "name": stat["Metric"].get("MetricName"),
            "dimensions": {one["Name"]: one["Value"] for one in stat["Metric"].get("Dimensions") or []},
        }
        shown["metricStat"] = {"metric": metric, "period": int(stat.get("Period") or 60), "stat": stat.get("Stat")}
    return shown


def queries(alarm: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The alarm as MetricDataQueries, also when it watches one metric."""
    if alarm.get("Metrics"):
        return list(alarm["Metrics"])
    stat = {
        "Metric": {name: alarm.get(name) for name in ("Namespace", "MetricName", "Dimensions")},
        "Period": alarm.get("Period") or 60,
        "Stat": alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average",
    }
    return [{"Id": "m1", "MetricStat": stat, "ReturnData": True}]


def returns_data(query: Mapping[str, Any]) -> bool:
    return str(query.get("ReturnData", True)).lower() == "true"


def timestamp(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
