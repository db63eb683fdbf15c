"""What alarms do when they change state: topics, events, composite alarms, history."""

import json

import pytest

from tests.stack.conformance.alarms import alarm, becomes, put, state
from tests.stack.conformance.cloud import Cloud, unique
from tests.waiting import eventually


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
