"""Alarms: evaluation by dimensions, metric math and missing data; actions, events, composite alarms and history.

The cloud of these tests runs its alarms at 60 times the speed: a period of a minute takes a second.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.stack.conformance.cloud import Cloud, unique
from tests.waiting import eventually

CODE = """
import os

def handler(event, context):
    if os.environ.get("BROKEN"):
        raise RuntimeError("the new version fails")
"""


def state(cloud: Cloud, name: str) -> str:
    found = cloud.aws("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    [alarm] = found["MetricAlarms"] + found["CompositeAlarms"]
    return str(alarm["StateValue"])


def becomes(cloud: Cloud, name: str, wanted: str) -> None:
    eventually(lambda: state(cloud, name) == wanted, 20)


def put(cloud: Cloud, namespace: str, value: float, **dimensions: str) -> None:
    named = [{"Name": key, "Value": text} for key, text in dimensions.items()]
    cloud.aws("cloudwatch").put_metric_data(
        Namespace=namespace, MetricData=[{"MetricName": "Failed", "Value": value, "Dimensions": named}]
    )


def alarm(cloud: Cloud, namespace: str, **more: Any) -> str:
    """An alarm on the sum of the metric Failed over a minute: over 5 is too much."""
    name = unique("alarm")
    one_metric: dict[str, Any] = {"Namespace": namespace, "MetricName": "Failed", "Statistic": "Sum", "Period": 60}
    settings = {"EvaluationPeriods": 1} | ({} if "Metrics" in more else one_metric) | more
    cloud.aws("cloudwatch").put_metric_alarm(
        AlarmName=name,
        AlarmDescription="too many failures",
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
        **settings,
    )
    return name


@pytest.fixture
def namespace() -> str:
    return unique("Shop")


def topic(cloud: Cloud) -> tuple[str, str]:
    """(ARN of a topic, URL of the queue that it delivers to)."""
    arn = cloud.aws("sns").create_topic(Name=unique("topic"))["TopicArn"]
    url, queue = cloud.queue()
    statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": queue}]}
    cloud.aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    cloud.aws("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
    return arn, url


def test_an_alarm_goes_from_insufficient_data_to_ok_to_alarm_and_back(cloud: Cloud, namespace: str) -> None:
    name = alarm(cloud, namespace, Statistic="Maximum")
    assert state(cloud, name) == "INSUFFICIENT_DATA"
    for value, wanted in ((1, "OK"), (9, "ALARM")):
        eventually(partial(put_and_read, cloud, namespace, value, name, wanted))
    [found] = cloud.aws("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert found["StateReason"].startswith("Threshold Crossed: 1 out of the last 1 datapoints [9.0 (")
    assert found["StateReason"].endswith("(minimum 1 datapoint for OK -> ALARM transition).")
    assert json.loads(found["StateReasonData"])["recentDatapoints"] == [9.0]
    becomes(cloud, name, "INSUFFICIENT_DATA")


def put_and_read(cloud: Cloud, namespace: str, value: float, name: str, wanted: str) -> bool:
    """Let data flow; whether the alarm is in a state."""
    put(cloud, namespace, value)
    return state(cloud, name) == wanted


@pytest.mark.parametrize(("treatment", "silent"), [("notBreaching", "OK"), ("breaching", "ALARM")])
def test_silence_is_what_the_alarm_says(cloud: Cloud, namespace: str, treatment: str, silent: str) -> None:
    becomes(cloud, alarm(cloud, namespace, TreatMissingData=treatment), silent)


def test_data_of_other_dimensions_does_not_count(cloud: Cloud, namespace: str) -> None:
    wanted = [{"Name": "partner", "Value": "demo"}]
    of_demo = alarm(cloud, namespace, Dimensions=wanted, TreatMissingData="notBreaching", Period=3600)
    of_all = alarm(cloud, namespace, TreatMissingData="notBreaching", Period=3600)
    put(cloud, namespace, 9, partner="acme")
    put(cloud, namespace, 9)
    becomes(cloud, of_all, "ALARM")
    becomes(cloud, of_demo, "OK")
    put(cloud, namespace, 9, partner="demo")
    becomes(cloud, of_demo, "ALARM")


def test_m_out_of_n_datapoints(cloud: Cloud, namespace: str) -> None:
    name = alarm(cloud, namespace, TreatMissingData="notBreaching", EvaluationPeriods=30, DatapointsToAlarm=2)
    put(cloud, namespace, 9)
    becomes(cloud, name, "OK")
    first = int(time.time())
    eventually(lambda: int(time.time()) > first + 1)
    assert state(cloud, name) == "OK"
    put(cloud, namespace, 9)
    becomes(cloud, name, "ALARM")


def test_a_percentile(cloud: Cloud, namespace: str) -> None:
    metric = {"Metric": {"Namespace": namespace, "MetricName": "Failed"}, "Period": 3600, "Stat": "p90"}
    name = alarm(cloud, namespace, Metrics=[{"Id": "slow", "MetricStat": metric}], TreatMissingData="notBreaching")
    for value in (1, 1, 1, 1, 1, 1, 1, 1, 1, 9):
        put(cloud, namespace, value)
    becomes(cloud, name, "OK")
    put(cloud, namespace, 9)
    put(cloud, namespace, 9)
    becomes(cloud, name, "ALARM")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"Period": 90}, "ValidationError"),
        ({"Period": 300, "EvaluationPeriods": 289}, "ValidationError"),
        ({"EvaluationPeriods": 2, "DatapointsToAlarm": 3}, "ValidationError"),
        ({"ExtendedStatistic": "p99"}, "InvalidParameterCombination"),
        ({"TreatMissingData": "maybe"}, "ValidationError"),
        ({"Metrics": [{"Id": "a", "Expression": "b + 1"}]}, "ValidationError"),
        ({"Metrics": [{"Id": "a", "Expression": "1 +"}]}, "ValidationError"),
        ({"Metrics": [{"Id": "a", "Expression": "1"}, {"Id": "b", "Expression": "2"}]}, "ValidationError"),
    ],
)
def test_an_alarm_that_cannot_be_is_refused(cloud: Cloud, namespace: str, wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        alarm(cloud, namespace, **wrong)
    assert refused.value.response["Error"]["Code"] == code


def version_alarm(cloud: Cloud, function: str, **dimensions: str) -> str:
    """Over 10 % of the invocations of the last hour fail."""
    named = [{"Name": key, "Value": value} for key, value in {"FunctionName": function, **dimensions}.items()]
    metrics: list[dict[str, Any]] = [
        {
            "Id": name.lower(),
            "MetricStat": {
                "Metric": {"Namespace": "AWS/Lambda", "MetricName": name, "Dimensions": named},
                "Period": 3600,
                "Stat": "Sum",
            },
            "ReturnData": False,
        }
        for name in ("Errors", "Invocations")
    ]
    metrics.append({"Id": "percent", "Expression": "IF(invocations > 0, 100 * errors / invocations, 0)"})
    name = unique("alarm")
    cloud.aws("cloudwatch").put_metric_alarm(
        AlarmName=name,
        EvaluationPeriods=1,
        Threshold=10,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
        Metrics=metrics,
    )
    return name


def test_an_alarm_on_a_version_sees_what_the_alarm_on_the_function_does_not(cloud: Cloud) -> None:
    function = cloud.function(CODE)
    aws = cloud.aws("lambda")
    aws.update_function_configuration(FunctionName=function.name, Environment={"Variables": {"BROKEN": "1"}})
    aws.publish_version(FunctionName=function.name)
    aws.create_alias(
        FunctionName=function.name,
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.05}},
    )
    with ThreadPoolExecutor(4) as pool:
        failed = sum(
            invoked.error is not None for invoked in pool.map(lambda _: function.invoke(None, "live"), range(600))
        )
    assert 5 <= failed <= 55
    live = f"{function.name}:live"
    of_function = version_alarm(cloud, function.name)
    of_alias = version_alarm(cloud, function.name, Resource=live)
    of_new = version_alarm(cloud, function.name, Resource=live, ExecutedVersion="2")
    of_old = version_alarm(cloud, function.name, Resource=live, ExecutedVersion="1")
    becomes(cloud, of_new, "ALARM")
    for name in (of_function, of_alias, of_old):
        becomes(cloud, name, "OK")


def test_the_message_to_a_topic(cloud: Cloud, namespace: str) -> None:
    arn, url = topic(cloud)
    name = alarm(
        cloud,
        namespace,
        AlarmActions=[arn],
        OKActions=["arn:aws:sns:eu-west-1:000000000000:nowhere"],
        Dimensions=[{"Name": "partner", "Value": "demo"}],
        TreatMissingData="notBreaching",
        Period=3600,
    )
    put(cloud, namespace, 9, partner="demo")
    [envelope] = cloud.receive(url)
    assert envelope["Subject"] == f'ALARM: "{name}" in EU (Ireland)'
    message = json.loads(envelope["Message"])
    assert message.pop("NewStateReason").startswith("Threshold Crossed: 1 out of the last 1 datapoints [9.0 (")
    for moment in ("AlarmConfigurationUpdatedTimestamp", "StateChangeTime"):
        assert message.pop(moment).endswith("+0000")
    assert message.pop("OldStateValue") in ("OK", "INSUFFICIENT_DATA")
    assert message == {
        "AlarmName": name,
        "AlarmDescription": "too many failures",
        "AWSAccountId": "000000000000",
        "NewStateValue": "ALARM",
        "Region": "EU (Ireland)",
        "AlarmArn": f"arn:aws:cloudwatch:eu-west-1:000000000000:alarm:{name}",
        "OKActions": ["arn:aws:sns:eu-west-1:000000000000:nowhere"],
        "AlarmActions": [arn],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "Failed",
            "Namespace": namespace,
            "StatisticType": "Statistic",
            "Statistic": "SUM",
            "Unit": None,
            "Dimensions": [{"value": "demo", "name": "partner"}],
            "Period": 3600,
            "EvaluationPeriods": 1,
            "DatapointsToAlarm": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 5.0,
            "TreatMissingData": "notBreaching",
            "EvaluateLowSampleCountPercentile": "",
        },
    }


def actions(cloud: Cloud, name: str) -> list[str]:
    items = cloud.aws("cloudwatch").describe_alarm_history(AlarmName=name)["AlarmHistoryItems"]
    return [item["HistorySummary"] for item in items if item["HistoryItemType"] == "Action"]


def test_a_topic_that_does_not_allow_cloudwatch_gets_nothing(cloud: Cloud, namespace: str) -> None:
    arn, _ = topic(cloud)
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": arn,
            }
        ],
    }
    cloud.aws("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(policy))
    name = alarm(cloud, namespace, AlarmActions=[arn], TreatMissingData="breaching")
    becomes(cloud, name, "ALARM")
    assert [text for text in eventually(lambda: actions(cloud, name)) if text.startswith("Failed to execute action")]


def test_disabled_actions_are_not_taken_but_the_event_is_sent(cloud: Cloud, namespace: str) -> None:
    arn, _ = topic(cloud)
    url, queue = cloud.queue()
    events, rule = cloud.aws("events"), unique("rule")
    more = {"TreatMissingData": "notBreaching", "Period": 3600}
    name = alarm(cloud, namespace, AlarmActions=[arn], ActionsEnabled=False, **more)
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": queue}]}
    cloud.aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    pattern = {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {"alarmName": [name], "state": {"value": ["ALARM"]}},
    }
    becomes(cloud, name, "OK")
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": queue}])
    put(cloud, namespace, 9)
    [event] = cloud.receive(url)
    detail = event["detail"]
    assert event["resources"] == [f"arn:aws:cloudwatch:eu-west-1:000000000000:alarm:{name}"]
    assert detail["previousState"]["value"] == "OK"
    assert detail["previousState"]["reason"].startswith("Threshold Crossed: no datapoints were received for 1 period")
    assert detail["state"]["reason"].startswith("Threshold Crossed: 1 out of the last 1 datapoints [9.0 (")
    assert detail["configuration"]["metrics"][0]["metricStat"] == {
        "metric": {"namespace": namespace, "name": "Failed", "dimensions": {}},
        "period": 3600,
        "stat": "Sum",
    }
    assert actions(cloud, name) == []


def test_a_composite_alarm_follows_its_children(cloud: Cloud, namespace: str) -> None:
    arn, url = topic(cloud)
    more = {"TreatMissingData": "notBreaching", "Period": 3600}
    first = alarm(cloud, namespace, **more)
    second = alarm(cloud, namespace, Dimensions=[{"Name": "partner", "Value": "demo"}], **more)
    for name in (first, second):
        becomes(cloud, name, "OK")
    composite = unique("composite")
    rule = f'ALARM("{first}") AND NOT OK({second})'
    cloud.aws("cloudwatch").put_composite_alarm(AlarmName=composite, AlarmRule=rule, AlarmActions=[arn])
    put(cloud, namespace, 9)
    becomes(cloud, first, "ALARM")
    assert state(cloud, composite) == "OK"
    put(cloud, namespace, 9, partner="demo")
    becomes(cloud, composite, "ALARM")
    [envelope] = cloud.receive(url)
    message = json.loads(envelope["Message"])
    assert (message["AlarmName"], message["AlarmRule"], message["NewStateValue"]) == (composite, rule, "ALARM")
    assert message["TriggeringChildren"][0]["Arn"].endswith(f":alarm:{second}")


def test_the_history_has_what_happened(cloud: Cloud, namespace: str) -> None:
    arn, _ = topic(cloud)
    name = alarm(cloud, namespace, AlarmActions=[arn], TreatMissingData="breaching")
    becomes(cloud, name, "ALARM")
    eventually(lambda: actions(cloud, name))
    items = cloud.aws("cloudwatch").describe_alarm_history(AlarmName=name, ScanBy="TimestampAscending")
    assert [(item["HistoryItemType"], item["HistorySummary"]) for item in items["AlarmHistoryItems"]] == [
        ("ConfigurationUpdate", f'Alarm "{name}" created'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        ("Action", f"Successfully executed action {arn}"),
    ]
