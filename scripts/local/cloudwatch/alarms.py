"""CloudWatch alarms as Terraform reads them back: every attribute, metric math and composite alarms included."""

from __future__ import annotations

import re
from typing import Any

from scripts.local import engine
from scripts.local.cloudwatch import alarm_messages, alarm_requests
from scripts.local.cloudwatch.cloudwatch_protocol import RequestError, element, sent

_SUPPRESSION = ("ActionsSuppressor", "ActionsSuppressorExtensionPeriod", "ActionsSuppressorWaitPeriod")
_SCALARS = (
    "AlarmName",
    "AlarmArn",
    "AlarmDescription",
    "ActionsEnabled",
    "StateValue",
    "StateReason",
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Period",
    "Unit",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "EvaluateLowSampleCountPercentile",
    "ThresholdMetricId",
    "AlarmRule",
    "ActionsSuppressedBy",
    *_SUPPRESSION,
)
_LISTS = ("OKActions", "AlarmActions", "InsufficientDataActions")
_KEPT = ("StateReasonData", "StateTransitionedTimestamp")
_OF_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions", "Unit")


def install() -> None:
    """Keep what ministack drops when an alarm is put, and describe alarms in full over the Query protocol."""
    service = engine.service("cloudwatch")
    put, describe, put_composite = service._put_metric_alarm, service._describe_alarms, service._put_composite_alarm

    def put_metric_alarm(params: dict[str, Any], decoded: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
        asked = sent(params, decoded, is_cbor or is_json)
        try:
            alarm_requests.check(asked)
        except RequestError as error:
            return service._error(error.code, str(error), 400, use_json=is_json, use_cbor=is_cbor)
        before = service._alarms.get(asked.get("AlarmName")) or {}
        answer = put(params, decoded, is_cbor, is_json)
        alarm = service._alarms.get(asked.get("AlarmName"))
        if alarm is not None and answer[0] < 300:
            _complete(alarm, asked)
            alarm.update({name: before[name] for name in _KEPT if name in before})
        return answer

    def describe_alarms(params: dict[str, Any], decoded: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
        answer = describe(params, decoded, is_cbor, is_json)
        if is_cbor or is_json or answer[0] >= 300:
            return answer
        text = answer[2].decode()
        names = re.findall(r"<AlarmName>(.*?)</AlarmName>", text)
        metric = "".join(to_xml(service._alarms[name]) for name in names if name in service._alarms)
        composite = "".join(
            to_xml(service._composite_alarms[name]) for name in names if name in service._composite_alarms
        )
        token = re.search(r"<NextToken>.*?</NextToken>", text)
        return service._xml(
            200,
            "DescribeAlarmsResponse",
            (
                f"<DescribeAlarmsResult><MetricAlarms>{metric}</MetricAlarms>"
                f"<CompositeAlarms>{composite}</CompositeAlarms>{token.group() if token else ''}</DescribeAlarmsResult>"
            ),
        )

    def put_composite_alarm(
        params: dict[str, Any], decoded: dict[str, Any], is_cbor: bool, is_json: bool = False
    ) -> Any:
        answer = put_composite(params, decoded, is_cbor, is_json)
        asked = sent(params, decoded, is_cbor or is_json)
        if answer[0] < 300:
            alarm = service._composite_alarms[asked["AlarmName"]]
            alarm.update({name: asked[name] for name in _SUPPRESSION if asked.get(name)})
        return answer

    service._put_metric_alarm = put_metric_alarm
    service._put_composite_alarm = put_composite_alarm
    service._describe_alarms = describe_alarms


def _complete(alarm: dict[str, Any], asked: dict[str, Any]) -> None:
    for name in ("InsufficientDataActions", "EvaluateLowSampleCountPercentile", "ThresholdMetricId"):
        if asked.get(name):
            alarm[name] = asked[name]
    if asked.get("ExtendedStatistic"):
        alarm.pop("Statistic", None)
    if asked.get("Metrics"):
        alarm["Metrics"] = [_typed(query) for query in asked["Metrics"]]
        for name in _OF_ONE_METRIC:
            alarm.pop(name, None)


def _typed(query: dict[str, Any]) -> dict[str, Any]:
    """A query whose numbers and truths came as text, over the Query protocol."""
    typed = {**query, "ReturnData": alarm_messages.returns_data(query)}
    if "Period" in query:
        typed["Period"] = int(query["Period"])
    if query.get("MetricStat"):
        typed["MetricStat"] = {**query["MetricStat"], "Period": int(query["MetricStat"].get("Period") or 60)}
    return typed


def to_xml(alarm: dict[str, Any]) -> str:
    """One alarm as a <member> of DescribeAlarms."""
    parts = [element(name, alarm[name]) for name in _SCALARS if alarm.get(name) not in (None, "")]
    parts += [element(name, alarm.get(name) or []) for name in _LISTS]
    parts += [element(name, alarm[name]) for name in ("Dimensions", "Metrics") if alarm.get(name)]
    return f"<member>{''.join(parts)}</member>"
