"""CloudWatch metrics: what was put is read back by dimensions, statistic, percentile and metric math."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local import launcher
from scripts.local.settings import Settings
from tests.ports import free_port
from tests.stack.conformance.cloud import Cloud, unique
from tests.waiting import eventually

MINUTE = 60


@pytest.fixture
def namespace() -> str:
    return unique("Shop")


@pytest.fixture(scope="module")
def start() -> int:
    """The beginning of a whole minute, some minutes ago."""
    return int(time.time()) // MINUTE * MINUTE - 10 * MINUTE


def put(cloud: Cloud, namespace: str, name: str, at: int, *values: float, **dimensions: str) -> None:
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    datum = {"MetricName": name, "Timestamp": at, "Values": list(values), "Dimensions": named, "Unit": "Count"}
    cloud.aws("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[datum])


def stat(query: str, namespace: str, name: str, statistic: str, **dimensions: str) -> dict[str, Any]:
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": named}
    return {"Id": query, "MetricStat": {"Metric": metric, "Period": MINUTE, "Stat": statistic}, "ReturnData": False}


def data(cloud: Cloud, start: int, queries: list[dict[str, Any]], **more: Any) -> dict[str, list[float]]:
    found = cloud.aws("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=start, EndTime=start + 5 * MINUTE, **more
    )
    return {one["Id"]: one["Values"] for one in found["MetricDataResults"]}


def test_data_of_other_dimensions_is_another_metric(cloud: Cloud, namespace: str, start: int) -> None:
    put(cloud, namespace, "Orders", start, 1, partner="demo")
    put(cloud, namespace, "Orders", start, 5, partner="acme")
    put(cloud, namespace, "Orders", start, 7)
    assert data(cloud, start, [stat("m", namespace, "Orders", "Sum", partner="demo") | {"ReturnData": True}]) == {
        "m": [1]
    }
    assert data(cloud, start, [stat("m", namespace, "Orders", "Sum") | {"ReturnData": True}]) == {"m": [7]}
    listed = cloud.aws("cloudwatch").list_metrics(Namespace=namespace, Dimensions=[{"Name": "partner"}])["Metrics"]
    assert [one["Dimensions"][0]["Value"] for one in listed] == ["acme", "demo"]


def test_statistics_and_percentiles(cloud: Cloud, namespace: str, start: int) -> None:
    put(cloud, namespace, "Latency", start + 5, *range(1, 101))
    put(cloud, namespace, "Latency", start + MINUTE, 1000)
    found = cloud.aws("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName="Latency",
        StartTime=start,
        EndTime=start + MINUTE,
        Period=MINUTE,
        Statistics=["SampleCount", "Sum", "Average", "Minimum", "Maximum"],
    )["Datapoints"]
    assert [{name: value for name, value in one.items() if name != "Timestamp"} for one in found] == [
        {"SampleCount": 100, "Sum": 5050, "Average": 50.5, "Minimum": 1, "Maximum": 100, "Unit": "Count"}
    ]
    percentiles = [stat(name, namespace, "Latency", name) | {"ReturnData": True} for name in ("p50", "p99")]
    assert data(cloud, start, percentiles, ScanBy="TimestampAscending") == {
        "p50": [50.5, 1000],
        "p99": [pytest.approx(99.01), 1000],
    }
    shares = [
        stat("upto_25", namespace, "Latency", "PR(:25)") | {"ReturnData": True},
        stat("above_25", namespace, "Latency", "TC(25:)") | {"ReturnData": True},
    ]
    assert data(cloud, start, shares, ScanBy="TimestampAscending") == {"upto_25": [25, 0], "above_25": [75, 1]}


def test_the_newest_data_comes_first_unless_asked(cloud: Cloud, namespace: str, start: int) -> None:
    for number in range(3):
        put(cloud, namespace, "Orders", start + number * MINUTE, number)
    query = [stat("m", namespace, "Orders", "Sum") | {"ReturnData": True}]
    assert data(cloud, start, query) == {"m": [2, 1, 0]}
    assert data(cloud, start, query, ScanBy="TimestampAscending") == {"m": [0, 1, 2]}


def test_metric_math(cloud: Cloud, namespace: str, start: int) -> None:
    for number, orders in enumerate((10, 20, 40)):
        put(cloud, namespace, "Orders", start + number * MINUTE, orders)
    put(cloud, namespace, "Failed", start + MINUTE, 5)
    queries = [
        stat("orders", namespace, "Orders", "Sum"),
        stat("failed", namespace, "Failed", "Sum"),
        {"Id": "percent", "Expression": "IF(orders > 0, 100 * FILL(failed, 0) / orders, 0)", "Label": "%"},
        {"Id": "both", "Expression": "SUM(METRICS())"},
        {"Id": "double", "Expression": "percent * 2"},
    ]
    assert data(cloud, start, queries, ScanBy="TimestampAscending") == {
        "percent": [0, 25, 0],
        "both": [10, 25, 40],
        "double": [0, 50, 0],
    }


def test_series_are_sorted_and_keep_their_labels(cloud: Cloud, namespace: str, start: int) -> None:
    for name, value in (("Orders", 1), ("Failed", 3), ("Late", 2)):
        put(cloud, namespace, name, start, value)
    found = cloud.aws("cloudwatch").get_metric_data(
        StartTime=start,
        EndTime=start + MINUTE,
        MetricDataQueries=[
            stat("a", namespace, "Orders", "Sum") | {"Label": "orders"},
            stat("b", namespace, "Failed", "Sum"),
            stat("c", namespace, "Late", "Sum") | {"Label": "late"},
            {"Id": "most", "Expression": "SORT(METRICS(), MAX, DESC, 2)"},
            {"Id": "flat", "Expression": "TIME_SERIES(SUM(a) + SUM(c))"},
        ],
    )["MetricDataResults"]
    assert [(one["Id"], one["Label"], one["Values"]) for one in found] == [
        ("most", "Failed", [3]),
        ("most", "late", [2]),
        ("flat", "flat", [3]),
    ]


def test_an_expression_that_is_none_is_refused(cloud: Cloud, start: int) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        data(cloud, start, [{"Id": "e", "Expression": "nothing + 1"}])


def test_data_may_be_two_weeks_old(cloud: Cloud, namespace: str, start: int) -> None:
    put(cloud, namespace, "Orders", start - 13 * 86400, 1)
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        put(cloud, namespace, "Orders", start - 15 * 86400, 1)


def kill_when_saved(settings: Settings) -> None:
    """Kill the cloud once its metrics and the rest of its state are on disk."""
    snapshot = settings.state_dir / "snapshot.json"
    eventually(lambda: any(settings.state_dir.glob("metrics-*.jsonl")))
    eventually(lambda: snapshot.exists() and "as asked" in snapshot.read_text())
    running = launcher.status(settings)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    eventually(lambda: launcher.status(settings) is None)


@pytest.mark.parametrize("killed", [False, True])
def test_metrics_alarms_and_saved_queries_are_there_after_a_stop_and_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    monkeypatch.setenv("TRADEPOST_ALARM_SPEED", "60")
    settings = Settings(tmp_path, free_port())
    launcher.up(settings)
    try:
        cloud = Cloud(settings.endpoint)
        now = int(time.time())
        put(cloud, "Shop", "Orders", now - MINUTE, 5)
        cloud.aws("logs").put_query_definition(name="slow", queryString="fields @message")
        cloud.aws("cloudwatch").put_metric_alarm(
            AlarmName="orders",
            Namespace="Shop",
            MetricName="Orders",
            Statistic="Sum",
            Period=MINUTE,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="ignore",
        )
        cloud.aws("cloudwatch").set_alarm_state(AlarmName="orders", StateValue="ALARM", StateReason="as asked")
        if killed:
            kill_when_saved(settings)
        launcher.down(settings)
        launcher.up(settings)
        query = [stat("m", "Shop", "Orders", "Sum") | {"ReturnData": True}]
        assert data(cloud, now - 2 * MINUTE, query) == {"m": [5]}
        [alarm] = cloud.aws("cloudwatch").describe_alarms()["MetricAlarms"]
        assert (alarm["StateValue"], alarm["StateReason"]) == ("ALARM", "as asked")
        [saved] = cloud.aws("logs").describe_query_definitions()["queryDefinitions"]
        assert saved["name"] == "slow"
    finally:
        launcher.down(settings)
