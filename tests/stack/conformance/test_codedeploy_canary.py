"""A bad version at 5 % of the traffic: its own alarm stops the canary, all traffic is back on the version before."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.stack.conformance.cloud import Cloud, Function, archive, unique
from tests.stack.conformance.releases import ALL_EVENTS, Release, release
from tests.waiting import eventually

BROKEN = """
def handler(event, context):
    raise RuntimeError("the new version")
"""


def version_alarm(cloud: Cloud, function: Function, version: str) -> str:
    """ALARM once the version that the alias's traffic ran has failed once within the hour."""
    dimensions = {"FunctionName": function.name, "Resource": f"{function.name}:live", "ExecutedVersion": version}
    name = unique("version-errors")
    cloud.aws("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        Statistic="Sum",
        Period=3600,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    return name


def canary(cloud: Cloud, percent: int) -> str:
    """A configuration that sends a share for an hour, which is 30 seconds here."""
    name = unique("canary")
    cloud.aws("codedeploy").create_deployment_config(
        deploymentConfigName=name,
        computePlatform="Lambda",
        trafficRoutingConfig={
            "type": "TimeBasedCanary",
            "timeBasedCanary": {"canaryPercentage": percent, "canaryInterval": 60},
        },
    )
    return name


def call(made: Release, times: int) -> Counter[bool]:
    """How many of so many calls through the alias failed."""
    with ThreadPoolExecutor(4) as pool:
        return Counter(pool.map(lambda _: made.function.invoke(qualifier="live").error is not None, range(times)))


def test_a_bad_version_is_rolled_back_by_its_alarm_without_a_person(cloud: Cloud) -> None:
    made, api = release(cloud, canary(cloud, 5)), cloud.aws("codedeploy")
    cloud.aws("lambda").update_function_code(
        FunctionName=made.function.name, ZipFile=archive({"app.py": BROKEN}), Publish=True
    )
    names = [version_alarm(cloud, made.function, version) for version in ("1", "3")]
    api.update_deployment_group(
        applicationName=made.application,
        currentDeploymentGroupName=made.group,
        alarmConfiguration={"enabled": True, "alarms": [{"name": name} for name in names]},
        autoRollbackConfiguration={"enabled": True, "events": ALL_EVENTS},
    )
    deployment = made.start(target="3")
    eventually(lambda: made.alias() == ("1", {"3": 0.05}))
    failed = 0

    def stopped() -> bool:
        nonlocal failed
        failed += call(made, 50)[True]
        return bool(made.info(deployment)["status"] == "Stopped")

    eventually(stopped)
    assert failed >= 1
    info = made.info(deployment)
    assert f"<{names[1]}>" in info["errorInformation"]["message"]
    made.ended(info["rollbackInfo"]["rollbackDeploymentId"], "Succeeded")
    assert made.alias() == ("1", {})
    assert call(made, 50) == {False: 50}
