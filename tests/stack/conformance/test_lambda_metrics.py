"""AWS/Lambda metrics by function, by alias and by the version that ran."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.stack.conformance.cloud import Cloud, Function

CODE = """
def handler(event, context):
    if event == "fail":
        raise RuntimeError("as asked")
"""


def statistic(cloud: Cloud, name: str, kind: str = "Sum", **dimensions: str) -> float | None:
    """One statistic of the last hour."""
    now = time.time()
    found: list[dict[str, Any]] = cloud.aws("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=datetime.fromtimestamp(now - 3600, UTC),
        EndTime=datetime.fromtimestamp(now + 60, UTC),
        Period=86400,
        Statistics=[kind],
    )["Datapoints"]
    return float(found[0][kind]) if found else None


@pytest.fixture
def function(cloud: Cloud) -> Function:
    return cloud.function(CODE)


def test_invocations_and_errors_are_counted(cloud: Cloud, function: Function) -> None:
    for event in ("work", "fail", "work"):
        function.invoke(event)
    by_name = {"FunctionName": function.name}
    assert statistic(cloud, "Invocations", **by_name) == 3
    assert statistic(cloud, "Errors", **by_name) == 1
    assert statistic(cloud, "Errors", "SampleCount", **by_name) == 3
    assert statistic(cloud, "Throttles", **by_name) == 0
    assert statistic(cloud, "ConcurrentExecutions", "Maximum", **by_name) == 1
    assert 0 < (statistic(cloud, "Duration", "Average", **by_name) or 0) < 5000


def test_an_alias_has_metrics_by_the_version_that_ran(cloud: Cloud, function: Function) -> None:
    aws = cloud.aws("lambda")
    aws.create_alias(FunctionName=function.name, Name="live", FunctionVersion="1")
    function.invoke("work", "live")
    aws.update_function_configuration(FunctionName=function.name, Description="a second version")
    aws.publish_version(FunctionName=function.name)
    aws.update_alias(FunctionName=function.name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}})
    function.invoke("fail", "live")
    function.invoke("work")
    by_alias = {"FunctionName": function.name, "Resource": f"{function.name}:live"}
    assert statistic(cloud, "Invocations", **by_alias) == 2
    assert statistic(cloud, "Errors", **by_alias, ExecutedVersion="1") == 0
    assert statistic(cloud, "Errors", **by_alias, ExecutedVersion="2") == 1
    assert statistic(cloud, "Invocations", FunctionName=function.name) == 3
    assert statistic(cloud, "Invocations", FunctionName=function.name, Resource=function.name) == 1


def test_a_throttle_is_no_invocation(cloud: Cloud, function: Function) -> None:
    cloud.aws("lambda").put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        function.invoke("work")
    assert statistic(cloud, "Throttles", FunctionName=function.name) == 1
    assert statistic(cloud, "Invocations", FunctionName=function.name) is None
