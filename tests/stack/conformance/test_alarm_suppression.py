"""Suppressors of composite alarms. Alarms run at 60 times the speed here: a minute of waiting takes a second."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.stack.conformance.alarms import becomes, state
from tests.stack.conformance.cloud import Cloud, unique
from tests.stack.conformance.test_alarm_actions import topic
from tests.waiting import eventually

SILENT = {"Namespace": "Shop", "MetricName": "Nothing", "Statistic": "Sum", "Period": 86400, "EvaluationPeriods": 1}
LONG, SHORT = 3600, 60


class Suppressed:
    """A composite alarm on a symptom, held back by the alarm on a cause. A test sets the state of either by hand."""

    def __init__(self, cloud: Cloud, *, wait: int, extension: int) -> None:
        self._cloud = cloud
        self.symptom, self.cause, self.name = unique("symptom"), unique("cause"), unique("composite")
        for child in (self.symptom, self.cause):
            # Nobody evaluates them away: silence is what they are.
            cloud.aws("cloudwatch").put_metric_alarm(
                AlarmName=child,
                Threshold=0,
                ComparisonOperator="GreaterThanThreshold",
                TreatMissingData="ignore",
                **SILENT,
            )
            self.set(child, "OK")
        arn, self._queue = topic(cloud)
        settings = {
            "AlarmName": self.name,
            "AlarmRule": f'ALARM("{self.symptom}")',
            "ActionsSuppressor": self.cause,
            "ActionsSuppressorWaitPeriod": wait,
            "ActionsSuppressorExtensionPeriod": extension,
        }
        cloud.aws("cloudwatch").put_composite_alarm(**settings)
        becomes(cloud, self.name, "OK")
        # Only now: a new alarm tells its first state, too.
        cloud.aws("cloudwatch").put_composite_alarm(**settings, AlarmActions=[arn], OKActions=[arn])
        self._heard: Counter[str] = Counter()

    def set(self, name: str, value: str) -> None:
        self._cloud.aws("cloudwatch").set_alarm_state(AlarmName=name, StateValue=value, StateReason="test")

    def description(self) -> dict[str, Any]:
        found = self._cloud.aws("cloudwatch").describe_alarms(AlarmNames=[self.name], AlarmTypes=["CompositeAlarm"])
        [alarm] = found["CompositeAlarms"]
        return dict(alarm)

    def heard(self) -> dict[str, int]:
        """How often each state was told to the topic so far."""
        sqs = self._cloud.aws("sqs")
        for message in sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", []):
            told = json.loads(json.loads(message["Body"])["Message"])
            assert told["AlarmName"] == self.name
            self._heard[told["NewStateValue"]] += 1
            sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return dict(self._heard)


@pytest.fixture
def cause_is_known(cloud: Cloud) -> Suppressed:
    suppressed = Suppressed(cloud, wait=LONG, extension=SHORT)
    suppressed.set(suppressed.cause, "ALARM")
    suppressed.set(suppressed.symptom, "ALARM")
    return suppressed


def test_without_the_suppressor_the_alarm_acts_after_the_wait(cloud: Cloud) -> None:
    alone = Suppressed(cloud, wait=SHORT, extension=LONG)
    alone.set(alone.symptom, "ALARM")
    assert state(cloud, alone.name) == "ALARM"
    assert alone.description()["ActionsSuppressedBy"] == "WaitPeriod"
    eventually(lambda: alone.heard() == {"ALARM": 1})
    assert "ActionsSuppressedBy" not in alone.description()
    alone.set(alone.symptom, "OK")
    eventually(lambda: alone.heard() == {"ALARM": 1, "OK": 1})


def test_a_suppressor_in_alarm_holds_the_actions_back(cloud: Cloud, cause_is_known: Suppressed) -> None:
    assert state(cloud, cause_is_known.name) == "ALARM"
    assert cause_is_known.description()["ActionsSuppressedBy"] == "Alarm"
    # Over before the cause was: nobody has to hear of it, nor that it is over.
    cause_is_known.set(cause_is_known.symptom, "OK")
    cause_is_known.set(cause_is_known.cause, "OK")
    other = Suppressed(cloud, wait=SHORT, extension=SHORT)
    other.set(other.symptom, "ALARM")
    eventually(lambda: other.heard() == {"ALARM": 1})
    assert cause_is_known.heard() == {}


def test_a_suppressor_that_comes_in_time_holds_them_back(cloud: Cloud) -> None:
    late = Suppressed(cloud, wait=LONG, extension=LONG)
    late.set(late.symptom, "ALARM")
    assert late.description()["ActionsSuppressedBy"] == "WaitPeriod"
    late.set(late.cause, "ALARM")
    eventually(lambda: late.description()["ActionsSuppressedBy"] == "Alarm")
    assert late.heard() == {}


def test_after_the_suppressor_the_alarm_that_is_still_on_acts(cause_is_known: Suppressed) -> None:
    cause_is_known.set(cause_is_known.cause, "OK")
    eventually(lambda: cause_is_known.heard() == {"ALARM": 1})
