"""REST APIs: what a function is told, what a client is told, what is refused before the function."""

import json
import re
from typing import Any

import pytest

from tests.stack.conformance.api import Api
from tests.stack.conformance.cloud import Cloud

FUNCTION = """
import json, time
def handler(event, context):
    do = (event["queryStringParameters"] or {}).get("do")
    if do == "raise": raise RuntimeError("secret text")
    if do == "malformed": return {"status": 200}
    if do == "object": return {"statusCode": 200, "body": {"not": "text"}}
    if do == "slow": time.sleep(3)
    if do == "headers":
        return {"statusCode": 207, "headers": {"x-one": "1"}, "multiValueHeaders": {"x-two": ["2", "3"]}, "body": "[]"}
    return {"statusCode": 200, "body": json.dumps(event)}
"""
GOOD = {"currency": "EUR", "lines": [{"quantity": 1}]}


@pytest.fixture(scope="module")
def api(cloud: Cloud) -> Api:
    return Api(cloud, cloud.function(FUNCTION), timeout_ms=1000)


def test_the_event_of_a_proxy_integration(api: Api) -> None:
    answer = api.request("GET", "/open?a=1&a=2", headers={"User-Agent": "tests", "X-Thing": "x"})
    event = answer.body
    context = event["requestContext"]
    assert (event["resource"], event["path"], event["httpMethod"]) == ("/open", "/open", "GET")
    assert event["queryStringParameters"] == {"a": "2"}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
    assert (event["body"], event["isBase64Encoded"], event["pathParameters"]) == (None, False, None)
    assert event["headers"]["x-thing"] == "x"
    assert (
        context.items()
        >= {
            "accountId": "000000000000",
            "apiId": api.id,
            "stage": "v1",
            "path": "/v1/open",
            "protocol": "HTTP/1.1",
            "resourcePath": "/open",
            "httpMethod": "GET",
            "requestId": answer.headers["x-amzn-requestid"],
            "extendedRequestId": answer.headers["x-amz-apigw-id"],
        }.items()
    )
    assert re.fullmatch(r"\d{13}", str(context["requestTimeEpoch"]))
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context["requestTime"])
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "tests"
    assert "apiKeyId" not in context["identity"]
    assert "version" not in event


def test_the_caller_is_named_by_its_api_key(api: Api) -> None:
    event = api.post(GOOD).body
    assert event["requestContext"]["identity"]["apiKeyId"] == api.key["id"]
    assert event["requestContext"]["identity"]["apiKey"] == api.key["value"]
    assert event["pathParameters"] == {"thing_id": "7"}
    assert json.loads(event["body"]) == GOOD


def test_a_key_without_a_value_gets_one(api: Api) -> None:
    assert len(api.key["value"]) >= 20


def test_a_wrong_key_is_forbidden(api: Api) -> None:
    answer = api.post(GOOD, key="x" * 30)
    assert (answer.status, answer.body["type"]) == (403, "INVALID_API_KEY")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("do", ["raise", "malformed", "object"])
def test_a_failed_function_is_a_502_that_tells_nothing(api: Api, do: str) -> None:
    answer = api.request("GET", f"/open?do={do}")
    assert (answer.status, answer.body["detail"]) == (502, "Internal server error")
    assert "secret" not in json.dumps(answer.body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-amzn-errortype"] == "InternalServerErrorException"


def test_a_slow_function_is_a_504(api: Api) -> None:
    answer = api.request("GET", "/open?do=slow")
    assert (answer.status, answer.body["type"]) == (504, "INTEGRATION_TIMEOUT")
    assert answer.body["detail"] == "Endpoint request timed out"


def test_headers_of_the_response(api: Api) -> None:
    answer = api.request("GET", "/open?do=headers")
    assert (answer.status, answer.headers["x-one"], answer.headers["content-type"]) == (207, "1", "application/json")
    assert answer.headers["x-two"] in ("2", "3")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, '[object has missing required properties (["currency","lines"])]'),
        ({"currency": "EUR"}, '[object has missing required properties (["lines"])]'),
        ([], '[instance type (array) does not match any allowed primitive type (allowed: ["object"])]'),
        (GOOD | {"x": 1}, '[object instance has properties which are not allowed by the schema: ["x"]]'),
        (
            GOOD | {"lines": [{"quantity": -1}]},
            "[/lines/0/quantity: numeric instance is lower than the required minimum (minimum: 1, found: -1)]",
        ),
        (GOOD | {"currency": "eur"}, '[/currency: ECMA 262 regex "^[A-Z]{3}$" does not match input string "eur"]'),
        (
            GOOD | {"lines": [{}] * 3},
            "[/lines: array is too long: must have at most 2 elements but instance has 3 elements]",
        ),
    ],
)
def test_a_bad_body_is_refused_with_the_validators_words(api: Api, body: Any, message: str) -> None:
    answer = api.post(body)
    assert (answer.status, answer.body["type"]) == (400, "BAD_REQUEST_BODY")
    assert (answer.body["detail"], answer.body["errors"]) == ("Invalid request body", message)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("raw", [b"{nope", b"", b"\xff", b'{"a":NaN}', b"[" * 100_000])
def test_what_is_not_json_is_refused(api: Api, raw: bytes) -> None:
    answer = api.post(None, raw=raw)
    assert (answer.status, answer.body["type"]) == (400, "BAD_REQUEST_BODY")
    assert answer.body["errors"]


def test_a_missing_header_is_named(api: Api) -> None:
    answer = api.request("POST", "/things/7", b"{}", headers={"x-api-key": api.key["value"]})
    assert (answer.status, answer.body["type"]) == (400, "BAD_REQUEST_PARAMETERS")
    assert answer.body["detail"] == "Missing required request parameters: [Required]"


@pytest.mark.parametrize("size", [10 * 1024 * 1024 + 1, 6 * 1024 * 1024])
def test_large_bodies_are_413(api: Api, size: int) -> None:
    answer = api.request("POST", "/open", b"x" * size, headers={"Content-Type": "text/plain"})
    assert (answer.status, answer.body["type"]) == (413, "REQUEST_TOO_LARGE")


def test_an_unknown_path_is_a_missing_token(api: Api) -> None:
    answer = api.request("GET", "/nowhere")
    assert (answer.status, answer.body["type"]) == (403, "MISSING_AUTHENTICATION_TOKEN")


def test_each_request_is_in_the_access_log(api: Api) -> None:
    good, bad = api.post(GOOD), api.post({})
    logged = {line["id"]: line for line in api.access_log()}
    served = logged[good.headers["x-amzn-requestid"]]
    assert (served["status"], served["key"], served["path"]) == (200, api.key["id"], "/things/{thing_id}")
    assert (served["error"], served["missing"]) == ("-", "-")
    refused = logged[bad.headers["x-amzn-requestid"]]
    assert (refused["status"], refused["error"][:7]) == (400, "[object")


def test_the_trace_of_the_caller_reaches_the_function(cloud: Cloud) -> None:
    code = (
        "import os, json\n"
        "def handler(e, c): return {'statusCode': 200, 'body': json.dumps(os.environ['_X_AMZN_TRACE_ID'])}"
    )
    trace = "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1"
    answer = Api(cloud, cloud.function(code)).request("GET", "/open", headers={"X-Amzn-Trace-Id": trace})
    root, parent, sampled = answer.body.split(";")
    assert (root, sampled) == ("Root=1-67891233-abcdef012345678912345678", "Sampled=1")
    assert parent != "Parent=463ac35c9f6413ad", "the function's own segment"


def test_a_function_must_permit_the_api(cloud: Cloud) -> None:
    api = Api(cloud, cloud.function(FUNCTION), permit=False)
    answer = api.request("GET", "/open")
    assert (answer.status, answer.body["detail"].strip()) == (500, "Internal server error")
    assert not api.function.logs()


def test_two_hundred_requests_at_once_are_all_served(api: Api) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(lambda _: api.request("GET", "/open").status, range(200)))
    assert answers == [200] * 200
