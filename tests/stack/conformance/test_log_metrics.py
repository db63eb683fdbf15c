"""Metrics made of log events: embedded metric format and metric filters; the patterns of FilterLogEvents."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.stack.conformance.cloud import Cloud, unique

CODE = """
import json

def handler(event, context):
    print(json.dumps({
        "_aws": {"Timestamp": event["at"], "CloudWatchMetrics": [{
            "Namespace": event["namespace"],
            "Dimensions": [["service"], ["service", "partner"], ["service", "missing"]],
            "Metrics": [{"Name": "placed", "Unit": "Count"}, {"Name": "latency", "Unit": "Milliseconds"}],
        }]},
        "service": "orders", "partner": "demo", "placed": 1, "latency": [10, 20, 30],
    }))
"""


def values(cloud: Cloud, namespace: str) -> dict[tuple[str, str], float]:
    """The sum of every metric of a namespace, by name and dimensions."""
    aws, now = cloud.aws("cloudwatch"), time.time()
    found: dict[tuple[str, str], float] = {}
    for metric in aws.list_metrics(Namespace=namespace)["Metrics"]:
        [datapoint] = aws.get_metric_statistics(
            **metric, StartTime=now - 7200, EndTime=now + 60, Period=86400, Statistics=["Sum"]
        )["Datapoints"]
        dimensions = ",".join(f"{one['Name']}={one['Value']}" for one in metric["Dimensions"])
        found[metric["MetricName"], dimensions] = datapoint["Sum"]
    return found


@pytest.fixture
def group(cloud: Cloud) -> str:
    name = unique("/shop/log")
    cloud.aws("logs").create_log_group(logGroupName=name)
    cloud.aws("logs").create_log_stream(logGroupName=name, logStreamName="one")
    return name


def write(cloud: Cloud, group: str, *messages: str | dict[str, Any]) -> None:
    now = int(time.time() * 1000)
    texts = [message if isinstance(message, str) else json.dumps(message) for message in messages]
    events = [{"timestamp": now + number, "message": text} for number, text in enumerate(texts)]
    cloud.aws("logs").put_log_events(logGroupName=group, logStreamName="one", logEvents=events)


def test_embedded_metrics_have_the_dimensions_and_the_time_of_the_event(cloud: Cloud) -> None:
    function, namespace, at = cloud.function(CODE), unique("Shop"), int(time.time() * 1000) - 3_600_000
    function.invoke({"namespace": namespace, "at": at})
    function.invoke({"namespace": namespace, "at": at})
    assert values(cloud, namespace) == {
        ("placed", "service=orders"): 2,
        ("placed", "partner=demo,service=orders"): 2,
        ("latency", "service=orders"): 120,
        ("latency", "partner=demo,service=orders"): 120,
    }
    [datapoint] = cloud.aws("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName="latency",
        Dimensions=[{"Name": "service", "Value": "orders"}],
        StartTime=at / 1000 - 60,
        EndTime=at / 1000 + 60,
        Period=60,
        Statistics=["Maximum"],
        ExtendedStatistics=["p50"],
    )["Datapoints"]
    assert (datapoint["Maximum"], datapoint["ExtendedStatistics"], datapoint["Unit"]) == (
        30,
        {"p50": 20},
        "Milliseconds",
    )


def test_a_metric_filter_counts_and_measures_what_matches(cloud: Cloud, group: str) -> None:
    namespace = unique("Shop")
    cloud.aws("logs").put_metric_filter(
        logGroupName=group,
        filterName="slow",
        filterPattern='{ $.level = "WARN" && $.ms > 100 }',
        metricTransformations=[
            {"metricNamespace": namespace, "metricName": "slow", "metricValue": "1"},
            {
                "metricNamespace": namespace,
                "metricName": "milliseconds",
                "metricValue": "$.ms",
                "dimensions": {"partner": "$.partner"},
            },
        ],
    )
    write(
        cloud,
        group,
        {"level": "WARN", "ms": 150, "partner": "demo"},
        {"level": "WARN", "ms": 250},
        {"level": "WARN", "ms": 50, "partner": "demo"},
        "WARN 500 ms",
    )
    assert values(cloud, namespace) == {("slow", ""): 2, ("milliseconds", "partner=demo"): 150}


def test_a_metric_filter_reports_its_default_when_nothing_matches(cloud: Cloud, group: str) -> None:
    namespace = unique("Shop")
    transformation = {"metricNamespace": namespace, "metricName": "errors", "metricValue": "1", "defaultValue": 0.0}
    cloud.aws("logs").put_metric_filter(
        logGroupName=group, filterName="errors", filterPattern="ERROR", metricTransformations=[transformation]
    )
    write(cloud, group, "all is well")
    assert values(cloud, namespace) == {("errors", ""): 0}
    write(cloud, group, "ERROR 1", "ERROR 2")
    assert values(cloud, namespace) == {("errors", ""): 2}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", ["ERROR in payment", "error in refund", '{"level": "ERROR", "n": 7}']),
        ("ERROR -payment", ['{"level": "ERROR", "n": 7}']),
        ('{ $.n >= 7 && $.level = "ERR*" }', ['{"level": "ERROR", "n": 7}']),
        ('?payment ?"in refund"', ["ERROR in payment", "error in refund"]),
    ],
)
def test_events_are_filtered_by_a_pattern(cloud: Cloud, group: str, pattern: str, found: list[str]) -> None:
    write(cloud, group, "ERROR in payment", "error in refund", {"level": "ERROR", "n": 7})
    events = cloud.aws("logs").filter_log_events(logGroupName=group, filterPattern=pattern)["events"]
    assert [event["message"] for event in events] == found


def test_a_pattern_that_is_none_is_refused(cloud: Cloud, group: str) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        cloud.aws("logs").filter_log_events(logGroupName=group, filterPattern="{ $.level = }")


def test_a_group_counts_what_comes_in(cloud: Cloud, group: str) -> None:
    write(cloud, group, "ten bytes.", "and fifteen more")
    now = time.time()
    found = {}
    for name in ("IncomingBytes", "IncomingLogEvents"):
        [point] = cloud.aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/Logs",
            MetricName=name,
            Dimensions=[{"Name": "LogGroupName", "Value": group}],
            StartTime=now - 3600,
            EndTime=now + 60,
            Period=86400,
            Statistics=["Sum"],
        )["Datapoints"]
        found[name] = point["Sum"]
    assert found == {"IncomingBytes": 10 + 16 + 2 * 26, "IncomingLogEvents": 2}
