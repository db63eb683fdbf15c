"""Metrics of REST APIs in AWS/ApiGateway, and the refusal of callers by IAM."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.credentials import Credentials

from scripts.local.settings import ACCOUNT_ID, REGION
from tests.stack.conformance.cloud import Cloud, unique
from tests.stack.conformance.rest_api import RestApi

CODE = """
import time
def handler(event, context):
    status = int((event["queryStringParameters"] or {}).get("status", 200))
    time.sleep(0.05)
    return {"statusCode": status, "body": "{}"}
"""


def statistics(cloud: Cloud, name: str, dimensions: dict[str, str]) -> dict[str, Any]:
    now = datetime.now(UTC)
    found = cloud.aws("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApiGateway",
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=10),
        Period=3600,
        Statistics=["Sum", "SampleCount", "Average", "Minimum"],
    )["Datapoints"]
    total = {key: sum(point[key] for point in found) for key in ("Sum", "SampleCount")}
    return {**total, "Minimum": min((point["Minimum"] for point in found), default=None)}


@pytest.fixture(scope="module")
def api(cloud: Cloud) -> RestApi:
    """One request of each outcome: two of 200, 404, 500, and 403 of the gateway."""
    api = RestApi(cloud)
    api.proxy("GET", "/things/{id}", cloud.function(CODE))
    api.deploy()
    api.patch_stage({"/*/*/metrics/enabled": "true"})
    for status in ("200", "200", "404", "500"):
        assert api.request("GET", "/things/7", query={"status": status}).status == int(status)
    assert api.request("GET", "/nowhere").status == 403
    return api


@pytest.mark.parametrize(
    ("dimensions", "count", "client_errors"),
    [
        ({}, 5, 2),
        ({"Stage": "v1"}, 5, 2),
        ({"Stage": "v1", "Method": "GET", "Resource": "/things/{id}"}, 4, 1),
    ],
)
def test_requests_errors_and_latencies(
    cloud: Cloud, api: RestApi, dimensions: dict[str, str], count: int, client_errors: int
) -> None:
    def read(name: str) -> dict[str, Any]:
        return statistics(cloud, name, {"ApiName": api.name, **dimensions})

    assert (read("Count")["Sum"], read("Count")["SampleCount"]) == (count, count)
    assert (read("4XXError")["Sum"], read("4XXError")["SampleCount"]) == (client_errors, count)
    assert (read("5XXError")["Sum"], read("5XXError")["SampleCount"]) == (1, count)
    assert (read("IntegrationLatency")["SampleCount"], read("Latency")["SampleCount"]) == (4, count)
    assert read("IntegrationLatency")["Minimum"] >= 50
    assert read("Latency")["Sum"] >= read("IntegrationLatency")["Sum"]


def test_methods_have_no_metrics_of_their_own_unless_the_stage_says_so(cloud: Cloud) -> None:
    api = RestApi(cloud)
    api.method("GET", "/", {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}})
    api.deploy()
    assert api.request("GET", "/").status == 200
    assert statistics(cloud, "Count", {"ApiName": api.name, "Stage": "v1"})["Sum"] == 1
    detailed = {"ApiName": api.name, "Stage": "v1", "Method": "GET", "Resource": "/"}
    assert statistics(cloud, "Count", detailed)["Sum"] == 0


def test_hits_and_misses_of_the_cache_are_counted(cloud: Cloud) -> None:
    api = RestApi(cloud)
    api.method("GET", "/", {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}})
    api.deploy(cacheClusterEnabled=True, cacheClusterSize="0.5")
    api.patch_stage({"/*/*/caching/enabled": "true"})
    for _ in range(4):
        api.request("GET", "/")
    stage = {"ApiName": api.name, "Stage": "v1"}
    assert statistics(cloud, "CacheMissCount", stage)["Sum"] == 1
    assert statistics(cloud, "CacheHitCount", stage)["Sum"] == 3


def test_a_caller_whom_iam_refuses_gets_the_access_denied_response(cloud: Cloud) -> None:
    api = RestApi(cloud)
    mock = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
    api.method("GET", "/", mock, authorizationType="AWS_IAM")
    api.deploy()
    iam, name = cloud.aws("iam"), unique("user")
    iam.create_user(UserName=name)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    caller = Credentials(made["AccessKeyId"], made["SecretAccessKey"])
    denied = api.request("GET", "/", signed=caller)
    assert (denied.status, denied.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    assert "is not authorized to perform: execute-api:Invoke" in denied.body["Message"]
    for kind in ("ACCESS_DENIED", "INVALID_SIGNATURE", "MISSING_AUTHENTICATION_TOKEN"):
        api.gateway.put_gateway_response(
            restApiId=api.id,
            responseType=kind,
            responseTemplates={"application/json": '{"type":"$context.error.responseType"}'},
            responseParameters={"gatewayresponse.header.Content-Type": "'application/problem+json'"},
        )
    api.deploy()
    denied = api.request("GET", "/", signed=caller)
    assert (denied.status, denied.body) == (403, {"type": "ACCESS_DENIED"})
    assert denied.headers["content-type"] == "application/problem+json"
    forged = api.request("GET", "/", signed=Credentials(made["AccessKeyId"], "wrong"))
    assert (forged.status, forged.body) == (403, {"type": "INVALID_SIGNATURE"})
    assert api.request("GET", "/").body == {"type": "MISSING_AUTHENTICATION_TOKEN"}
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{api.id}/v1/GET/"
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=policy)
    assert api.request("GET", "/", signed=caller).status == 200
