"""What Terraform reads back after it wrote: without these, its second plan is not empty."""

import json
import urllib.parse
import xml.etree.ElementTree as ET
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from scripts.local.settings import ACCOUNT_ID, REGION
from tests.stack.conformance.cloud import Cloud, unique


def query(cloud: Cloud, parameters: dict[str, str]) -> ET.Element:
    """Call CloudWatch over the Query protocol, as Terraform's provider does."""
    request = AWSRequest(
        "POST",
        f"{cloud.endpoint}/",
        data=urllib.parse.urlencode({"Version": "2010-08-01", **parameters}),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    SigV4Auth(Credentials("test", "test"), "monitoring", REGION).add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    assert answer.status_code == 200, answer.text
    return ET.fromstring(answer.text)  # noqa: S314  our own local cloud's answer


def plain(element: ET.Element) -> Any:
    """XML of the Query protocol as dictionaries, lists and text."""
    children = list(element)
    names = [child.tag.split("}")[-1] for child in children]
    if not children:
        return element.text or ""
    if set(names) == {"member"}:
        return [plain(child) for child in children]
    return dict(zip(names, map(plain, children), strict=True))


def described(cloud: Cloud, name: str, kind: str) -> Any:
    answer = query(cloud, {"Action": "DescribeAlarms", "AlarmNames.member.1": name, "AlarmTypes.member.1": kind})
    result = next(iter(answer))
    [found] = [plain(members)[0] for members in result if len(members)]
    return found


def test_an_alarm_keeps_dimensions_period_statistic_and_actions(cloud: Cloud) -> None:
    name, topic = unique("alarm"), f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:topic"
    query(
        cloud,
        {
            "Action": "PutMetricAlarm",
            "AlarmName": name,
            "MetricName": "Duration",
            "Namespace": "AWS/Lambda",
            "ExtendedStatistic": "p99",
            "Period": "300",
            "EvaluationPeriods": "3",
            "DatapointsToAlarm": "2",
            "Threshold": "1.5",
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "Dimensions.member.1.Name": "FunctionName",
            "Dimensions.member.1.Value": "f & g",
            "AlarmActions.member.1": topic,
            "OKActions.member.1": topic,
            "InsufficientDataActions.member.1": topic,
        },
    )
    alarm = described(cloud, name, "MetricAlarm")
    assert (
        alarm.items()
        >= {
            "ExtendedStatistic": "p99",
            "Period": "300",
            "DatapointsToAlarm": "2",
            "TreatMissingData": "notBreaching",
            "ActionsEnabled": "true",
            "Dimensions": [{"Name": "FunctionName", "Value": "f & g"}],
            "AlarmActions": [topic],
            "OKActions": [topic],
            "InsufficientDataActions": [topic],
        }.items()
    )
    assert "Statistic" not in alarm


def test_an_alarm_on_metric_math_keeps_its_queries(cloud: Cloud) -> None:
    name = unique("alarm")
    query(
        cloud,
        {
            "Action": "PutMetricAlarm",
            "AlarmName": name,
            "EvaluationPeriods": "1",
            "Threshold": "1",
            "ComparisonOperator": "GreaterThanThreshold",
            "Metrics.member.1.Id": "rate",
            "Metrics.member.1.Expression": "errors / 60",
            "Metrics.member.1.ReturnData": "true",
            "Metrics.member.2.Id": "errors",
            "Metrics.member.2.ReturnData": "false",
            "Metrics.member.2.MetricStat.Stat": "Sum",
            "Metrics.member.2.MetricStat.Period": "60",
            "Metrics.member.2.MetricStat.Metric.MetricName": "Errors",
            "Metrics.member.2.MetricStat.Metric.Namespace": "AWS/Lambda",
            "Metrics.member.2.MetricStat.Metric.Dimensions.member.1.Name": "FunctionName",
            "Metrics.member.2.MetricStat.Metric.Dimensions.member.1.Value": "f",
        },
    )
    alarm = described(cloud, name, "MetricAlarm")
    metric = {"MetricName": "Errors", "Namespace": "AWS/Lambda", "Dimensions": [{"Name": "FunctionName", "Value": "f"}]}
    assert alarm["Metrics"] == [
        {"Id": "rate", "Expression": "errors / 60", "ReturnData": "true"},
        {"Id": "errors", "ReturnData": "false", "MetricStat": {"Stat": "Sum", "Period": "60", "Metric": metric}},
    ]
    assert "Period" not in alarm


def test_a_composite_alarm_keeps_its_rule(cloud: Cloud) -> None:
    name = unique("composite")
    rule = 'ALARM("a") OR ALARM("b")'
    for child in ("a", "b"):
        cloud.aws("cloudwatch").put_metric_alarm(
            AlarmName=child,
            MetricName="m",
            Namespace="n",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            Statistic="Sum",
            ComparisonOperator="GreaterThanThreshold",
        )
    suppressor = {
        "ActionsSuppressor": "a",
        "ActionsSuppressorWaitPeriod": "60",
        "ActionsSuppressorExtensionPeriod": "30",
    }
    put = {"Action": "PutCompositeAlarm", "AlarmName": name, "AlarmRule": rule, "AlarmDescription": "why"}
    query(cloud, put | suppressor)
    alarm = described(cloud, name, "CompositeAlarm")
    assert {key: alarm[key] for key in suppressor} == suppressor
    assert (alarm["AlarmRule"], alarm["AlarmDescription"], alarm["ActionsEnabled"]) == (rule, "why", "true")


def test_stage_and_usage_plan_have_no_empty_blocks(cloud: Cloud) -> None:
    gateway = cloud.aws("apigateway")
    api = gateway.create_rest_api(name=unique("api"))["id"]
    deployment = gateway.create_deployment(restApiId=api)["id"]
    stage = gateway.create_stage(restApiId=api, stageName="v1", deploymentId=deployment)
    plan = gateway.create_usage_plan(name=unique("plan"), throttle={"rateLimit": 5, "burstLimit": 2})
    assert "accessLogSettings" not in stage
    assert "quota" not in plan
    changed = gateway.update_usage_plan(
        usagePlanId=plan["id"],
        patchOperations=[
            {"op": "replace", "path": "/throttle/burstLimit", "value": "7"},
            {"op": "add", "path": "/apiStages", "value": f"{api}:v1"},
        ],
    )
    assert changed["throttle"] == {"rateLimit": 5.0, "burstLimit": 7}
    assert [(entry["apiId"], entry["stage"]) for entry in changed["apiStages"]] == [(api, "v1")]


def test_patches_of_a_method_are_typed_and_unescaped(cloud: Cloud) -> None:
    gateway = cloud.aws("apigateway")
    api = gateway.create_rest_api(name=unique("api"))["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    place = {"restApiId": api, "resourceId": root, "httpMethod": "POST"}
    gateway.put_method(**place, authorizationType="NONE")
    gateway.put_integration(**place, type="MOCK", requestTemplates={"application/json": "old"})
    method = gateway.update_method(
        **place,
        patchOperations=[
            {"op": "add", "path": "/requestParameters/method.request.header.Key", "value": "true"},
            {"op": "replace", "path": "/apiKeyRequired", "value": "true"},
            {"op": "add", "path": "/requestModels/application~1json", "value": "Order"},
        ],
    )
    assert method["requestParameters"] == {"method.request.header.Key": True}
    assert method["apiKeyRequired"] is True
    assert method["requestModels"] == {"application/json": "Order"}
    integration = gateway.update_integration(
        **place,
        patchOperations=[
            {"op": "replace", "path": "/requestTemplates/application~1json", "value": "new"},
            {"op": "replace", "path": "/timeoutInMillis", "value": "5000"},
        ],
    )
    assert integration["requestTemplates"] == {"application/json": "new"}
    assert integration["timeoutInMillis"] == 5000
    assert "httpMethod" not in integration


def test_a_bus_keeps_the_policy_it_is_given(cloud: Cloud) -> None:
    bus = unique("bus")
    events = cloud.aws("events")
    events.create_event_bus(Name=bus)
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "S", "Effect": "Deny", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}],
    }
    events.put_permission(EventBusName=bus, Policy=json.dumps(policy))
    assert json.loads(events.describe_event_bus(Name=bus)["Policy"]) == policy


def test_an_object_uploaded_in_parts_keeps_its_tags(cloud: Cloud) -> None:
    storage, bucket = cloud.aws("s3"), unique("bucket")
    storage.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    place = {"Bucket": bucket, "Key": "large"}
    upload = storage.create_multipart_upload(**place, Tagging="Project=tradepost&Kind=a%20b")["UploadId"]
    part = storage.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"x" * 1024)["ETag"]
    storage.complete_multipart_upload(
        **place, UploadId=upload, MultipartUpload={"Parts": [{"ETag": part, "PartNumber": 1}]}
    )
    assert storage.get_object_tagging(**place)["TagSet"] == [
        {"Key": "Project", "Value": "tradepost"},
        {"Key": "Kind", "Value": "a b"},
    ]
