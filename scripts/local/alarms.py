"""CloudWatch alarms as Terraform reads them back: every attribute, metric math and composite alarms included."""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import escape

from scripts.local import engine

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
    "ActionsSuppressor",
    "ActionsSuppressorExtensionPeriod",
    "ActionsSuppressorWaitPeriod",
)
_LISTS = ("OKActions", "AlarmActions", "InsufficientDataActions")
_OF_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions", "Unit")


def install() -> None:
    """Keep what ministack drops when an alarm is put, and describe alarms in full over the Query protocol."""
    service = engine.service("cloudwatch")
    put, describe = service._put_metric_alarm, service._describe_alarms

    def put_metric_alarm(params: dict[str, Any], decoded: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
        answer = put(params, decoded, is_cbor, is_json)
        sent = decoded if is_cbor or is_json else _from_query({name: service._p(params, name) for name in params})
        alarm = service._alarms.get(sent.get("AlarmName"))
        if alarm is not None and answer[0] < 300:
            _complete(alarm, sent)
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

    service._put_metric_alarm = put_metric_alarm
    service._describe_alarms = describe_alarms


def _complete(alarm: dict[str, Any], sent: dict[str, Any]) -> None:
    for name in ("InsufficientDataActions", "EvaluateLowSampleCountPercentile", "ThresholdMetricId"):
        if sent.get(name):
            alarm[name] = sent[name]
    if sent.get("ExtendedStatistic"):
        alarm.pop("Statistic", None)
    if sent.get("Metrics"):
        alarm["Metrics"] = sent["Metrics"]
        for name in _OF_ONE_METRIC:
            alarm.pop(name, None)


def to_xml(alarm: dict[str, Any]) -> str:
    """One alarm as a <member> of DescribeAlarms."""
    parts = [_element(name, alarm[name]) for name in _SCALARS if alarm.get(name) not in (None, "")]
    parts += [_element(name, alarm.get(name) or []) for name in _LISTS]
    parts += [_element(name, alarm[name]) for name in ("Dimensions", "Metrics") if alarm.get(name)]
    return f"<member>{''.join(parts)}</member>"


def _element(name: str, value: Any) -> str:
    if isinstance(value, dict):
        content = "".join(_element(key, item) for key, item in value.items())
    elif isinstance(value, list):
        content = "".join(_element("member", item) for item in value)
    else:
        content = str(value).lower() if isinstance(value, bool) else escape(str(value))
    return f"<{name}>{content}</{name}>"


def _from_query(params: dict[str, str]) -> dict[str, Any]:
    """Query parameters such as Metrics.member.1.MetricStat.Stat as nested dictionaries and lists."""
    tree: dict[str, Any] = {}
    for name, value in params.items():
        place = tree
        *path, last = name.split(".")
        for key in path:
            place = place.setdefault(key, {})
        place[last] = value
    found = _lists(tree)
    return found if isinstance(found, dict) else {}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if set(value) == {"member"}:
        members = value["member"]
        return [_lists(members[key]) for key in sorted(members, key=int)]
    return {key: _lists(item) for key, item in value.items()}
