"""What the tests of alarms share: an alarm on the metric Failed of a namespace, its data, its state.

The cloud of these tests runs its alarms at 60 times the speed: a period of a minute takes a second.
"""

from typing import Any

from tests.stack.conformance.cloud import Cloud, unique
from tests.waiting import eventually


def state(cloud: Cloud, name: str) -> str:
    found = cloud.aws("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    [alarm] = found["MetricAlarms"] + found["CompositeAlarms"]
    return str(alarm["StateValue"])


def becomes(cloud: Cloud, name: str, wanted: str) -> None:
    eventually(lambda: state(cloud, name) == wanted)


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
