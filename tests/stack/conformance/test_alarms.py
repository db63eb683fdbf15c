"""When alarms change state: by dimensions, M out of N, percentile, metric math and missing data."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.stack.conformance.alarms import alarm, becomes, put, state
from tests.stack.conformance.cloud import Cloud, unique
from tests.waiting import eventually

CODE = """
import os

def handler(event, context):
    if os.environ.get("BROKEN"):
        raise RuntimeError("the new version fails")
"""


@pytest.fixture
def namespace() -> str:
    return unique("Shop")


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
