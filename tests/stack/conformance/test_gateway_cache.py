"""Response caching of a stage."""

import json

import pytest
from botocore.credentials import Credentials

from scripts.local.settings import ACCOUNT_ID, REGION
from tests.stack.conformance.cloud import Cloud, Function, unique
from tests.stack.conformance.rest_api import RestApi, function_uri
from tests.waiting import eventually

FRESH = {"Cache-Control": "max-age=0"}
NUMBERS = """
import itertools
number = itertools.count(1)
def handler(event, context):
    query = event["queryStringParameters"] or {}
    return {"statusCode": int(query.get("status", 200)), "body": str(next(number)), "headers": {"x-one": "1"}}
"""


@pytest.fixture(scope="module")
def function(cloud: Cloud) -> Function:
    """Counts its calls, in one environment as long as calls do not overlap."""
    return cloud.function(NUMBERS)


def cached(cloud: Cloud, function: Function, **settings: str) -> RestApi:
    """GET and POST / on a stage with a cache cluster, and caching for all methods."""
    api = RestApi(cloud)
    for verb in ("GET", "POST"):
        api.proxy(verb, "/", function)
    api.deploy(cacheClusterEnabled=True, cacheClusterSize="0.5")
    set_caching(api, "/*/*", enabled="true", **settings)
    return api


def set_caching(api: RestApi, method: str, **settings: str) -> None:
    api.patch_stage({f"{method}/caching/{name}": value for name, value in settings.items()})


def test_the_cluster_is_there(cloud: Cloud) -> None:
    api = RestApi(cloud)
    api.method("GET", "/", {"type": "MOCK"})
    api.deploy(cacheClusterEnabled=True, cacheClusterSize="0.5")
    stage = api.gateway.get_stage(restApiId=api.id, stageName="v1")
    assert (stage["cacheClusterEnabled"], stage["cacheClusterStatus"]) == (True, "AVAILABLE")
    api.patch_stage({"/cacheClusterEnabled": "false"})
    stage = api.gateway.get_stage(restApiId=api.id, stageName="v1")
    assert (stage["cacheClusterEnabled"], stage["cacheClusterStatus"]) == (False, "NOT_AVAILABLE")


def test_get_is_answered_from_the_cache_and_other_methods_are_not(cloud: Cloud, function: Function) -> None:
    api = cached(cloud, function)
    first = api.request("GET", "/")
    again = api.request("GET", "/")
    assert (again.status, again.body, again.headers["x-one"]) == (200, first.body, "1")
    assert again.headers["x-amzn-requestid"] != first.headers["x-amzn-requestid"]
    assert api.request("POST", "/").body != api.request("POST", "/").body


def test_a_methods_own_settings_win(cloud: Cloud, function: Function) -> None:
    api = cached(cloud, function)
    set_caching(api, "/~1/GET", enabled="false")
    set_caching(api, "/~1/POST", enabled="true")
    assert api.request("GET", "/").body != api.request("GET", "/").body
    assert api.request("POST", "/").body == api.request("POST", "/").body


def test_only_cache_key_parameters_tell_requests_apart(cloud: Cloud, function: Function) -> None:
    api = RestApi(cloud)
    names = {"method.request.querystring.page": False, "method.request.header.Accept-Language": False}
    api.permit(function)
    proxy = {"type": "AWS_PROXY", "uri": function_uri(function.arn), "cacheKeyParameters": list(names)}
    api.method("GET", "/", proxy, requestParameters=names)
    api.deploy(cacheClusterEnabled=True, cacheClusterSize="0.5")
    set_caching(api, "/*/*", enabled="true")
    first = api.request("GET", "/", query={"page": "1", "other": "a"}).body
    assert api.request("GET", "/", query={"page": "1", "other": "b"}).body == first
    assert api.request("GET", "/", query={"page": "2"}).body != first
    assert api.request("GET", "/", headers={"Accept-Language": "de"}, query={"page": "1"}).body != first


def test_errors_of_the_backend_are_cached_as_well(cloud: Cloud, function: Function) -> None:
    api = cached(cloud, function)
    first = api.request("GET", "/", query={"status": "429"})
    assert (first.status, api.request("GET", "/").body) == (429, first.body)


def test_answers_expire(cloud: Cloud, function: Function) -> None:
    api = cached(cloud, function, ttlInSeconds="3")
    first = api.request("GET", "/").body
    assert api.request("GET", "/").body == first
    eventually(lambda: api.request("GET", "/").body != first)
    set_caching(api, "/*/*", ttlInSeconds="0")
    assert api.request("GET", "/").body != api.request("GET", "/").body


def test_flushing_empties_the_cache(cloud: Cloud, function: Function) -> None:
    api = cached(cloud, function)
    first = api.request("GET", "/").body
    api.gateway.flush_stage_cache(restApiId=api.id, stageName="v1")
    second = api.request("GET", "/").body
    assert second != first
    api.patch_stage({"/cacheClusterSize": "1.6"})
    assert api.request("GET", "/").body != second


def test_any_client_invalidates_when_no_authorization_is_required(cloud: Cloud, function: Function) -> None:
    api = cached(cloud, function, requireAuthorizationForCacheControl="false")
    first = api.request("GET", "/").body
    fresh = api.request("GET", "/", headers=FRESH).body
    assert fresh != first
    assert api.request("GET", "/").body == fresh


@pytest.mark.parametrize(
    ("strategy", "status", "warned"),
    [
        ("FAIL_WITH_403", 403, False),
        ("SUCCEED_WITH_RESPONSE_HEADER", 200, True),
        ("SUCCEED_WITHOUT_RESPONSE_HEADER", 200, False),
    ],
)
def test_a_client_that_may_not_invalidate(
    cloud: Cloud, function: Function, strategy: str, status: int, warned: bool
) -> None:
    api = cached(cloud, function, unauthorizedCacheControlHeaderStrategy=strategy)
    first = api.request("GET", "/").body
    answer = api.request("GET", "/", headers=FRESH)
    assert (answer.status, "warning" in answer.headers) == (status, warned)
    assert api.request("GET", "/").body == first


def test_a_caller_with_the_permission_invalidates(cloud: Cloud, function: Function) -> None:
    api = RestApi(cloud)
    api.proxy("GET", "/", function)
    api.gateway.update_method(
        restApiId=api.id,
        resourceId=api.resource("/"),
        httpMethod="GET",
        patchOperations=[{"op": "replace", "path": "/authorizationType", "value": "AWS_IAM"}],
    )
    api.deploy(cacheClusterEnabled=True, cacheClusterSize="0.5")
    set_caching(api, "/*/*", enabled="true")
    allowed = user(cloud, ["execute-api:Invoke", "execute-api:InvalidateCache"], api)
    other = user(cloud, ["execute-api:Invoke"], api)
    first = api.request("GET", "/", signed=other).body
    assert api.request("GET", "/", headers=FRESH, signed=other).body == first
    fresh = api.request("GET", "/", headers=FRESH, signed=allowed).body
    assert fresh != first
    assert api.request("GET", "/", signed=other).body == fresh


def user(cloud: Cloud, actions: list[str], api: RestApi) -> Credentials:
    name, iam = unique("user"), cloud.aws("iam")
    iam.create_user(UserName=name)
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{api.id}/*"
    statement = {"Effect": "Allow", "Action": actions, "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])
