"""Parameter mapping expressions, selection patterns, media types, cache keys."""

from typing import Any

import pytest

from scripts.local.gateway.cache import LARGEST_BYTES, ResponseCache
from scripts.local.gateway.mapping import (
    BackendAnswer,
    fill_path,
    mapped_parameters,
    matching_template,
    media_types,
    request_value,
    response_value,
    selected_response,
    with_stage_variables,
)
from scripts.local.gateway.request import GatewayRequest
from scripts.local.gateway.services import IntegrationUriError, ServiceUri, parse_uri

HEADERS = {"x-one": "h", "x-amzn-trace-id": "Root=1-67891233-abcdef012345678912345678;Sampled=1"}


def request(stage: dict[str, Any] | None = None) -> GatewayRequest:
    routing = {
        "stage": {"variables": {"queue": "q"}, **(stage or {})},
        "resource_path": "/a/{id}",
        "path_params": {"id": "7"},
    }
    made = GatewayRequest("api", "v1", "GET", "/a/7", HEADERS, routing, b'{"a":{"b":[1]},"c":"d"}', {"q": ["1", "2"]})
    made.authorizer = {"principalId": "p", "claims": {"sub": "s"}}
    made.request_id = "r"
    return made


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("'static.text'", "static.text"),
        ("method.request.header.X-One", "h"),
        ("method.request.querystring.q", "2"),
        ("method.request.multivaluequerystring.q", "1,2"),
        ("method.request.querystring.absent", None),
        ("method.request.path.id", "7"),
        ("method.request.body", '{"a":{"b":[1]},"c":"d"}'),
        ("method.request.body.a.b", "[1]"),
        ("method.request.body.c", "d"),
        ("stageVariables.queue", "q"),
        ("context.requestId", "r"),
        ("context.authorizer.claims.sub", "s"),
        ("context.xrayTraceId", "1-67891233-abcdef012345678912345678"),
        ("nonsense", None),
    ],
)
def test_values_of_the_request(source: str, value: str | None) -> None:
    assert request_value(source, request()) == value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("integration.response.header.ETag", "e"),
        ("integration.response.header.absent", None),
        ("integration.response.body.id", "1"),
        ("integration.response.body", '{"id":1}'),
        ("context.requestId", "r"),
    ],
)
def test_values_of_the_response(source: str, value: str | None) -> None:
    answer = BackendAnswer('{"id":1}', "200", headers={"etag": "e"})
    assert response_value(source, request(), answer) == value


def test_parameters_without_a_value_are_left_out() -> None:
    parameters = {
        "integration.request.header.One": "method.request.header.x-one",
        "integration.request.header.Two": "method.request.header.x-two",
        "integration.request.querystring.q": "'1'",
        "integration.request.path.id": "method.request.path.id",
    }
    mapped = mapped_parameters({"requestParameters": parameters}, request(), "body")
    assert (mapped.headers, mapped.query, mapped.path, mapped.body) == ({"One": "h"}, {"q": "1"}, {"id": "7"}, "body")
    assert fill_path("path/{id}/{other}", {"id": "a/b"}) == "path/a/b/%7Bother%7D"


def test_stage_variables_in_uris() -> None:
    assert with_stage_variables("a/${stageVariables.queue}/${stageVariables.absent}", request()) == "a/q/"


@pytest.mark.parametrize(
    ("outcome", "status"), [("404", "4xx"), ("429", "429"), (None, "200"), ("500", "200"), ("4040", "200")]
)
def test_the_pattern_must_match_the_whole_outcome(outcome: str | None, status: str) -> None:
    responses = [
        {"statusCode": "429", "selectionPattern": "429"},
        {"statusCode": "4xx", "selectionPattern": "4\\d{2}"},
        {"statusCode": "200", "selectionPattern": ""},
    ]
    found = selected_response({"integrationResponses": {r["statusCode"]: r for r in responses}}, outcome)
    assert found is not None
    assert found["statusCode"] == status


def test_templates_are_found_by_media_type() -> None:
    templates = {"application/json": "j", "text/plain; charset=utf-8": "t"}
    assert matching_template(templates, media_types("Text/Plain; charset=x")) == ("text/plain; charset=utf-8", "t")
    assert matching_template(templates, media_types("image/png, application/json")) == ("application/json", "j")
    assert matching_template(templates, media_types(None)) == ("application/json", "j")
    assert matching_template(templates, media_types("image/png")) is None


def test_uris_of_services() -> None:
    assert parse_uri("arn:aws:apigateway:eu-west-1:sqs:path/1/q") == ServiceUri("sqs", "path", "1/q")
    assert parse_uri("arn:aws:apigateway:eu-west-1:dynamodb:action/PutItem").rest == "PutItem"
    with pytest.raises(IntegrationUriError):
        parse_uri("https://example.com/")


def test_a_cache_key_is_made_of_the_named_parameters_only() -> None:
    settings = {"*/*": {"cachingEnabled": True, "cacheTtlInSeconds": 10}}
    now = 0.0
    cache = ResponseCache(lambda: now)
    served = request({"cacheClusterEnabled": True, "methodSettings": settings})
    integration = {
        "cacheNamespace": "n",
        "cacheKeyParameters": ["method.request.path.id", "method.request.header.X-One"],
    }
    lookup = cache.look_up(served, integration)
    assert lookup is not None
    assert lookup.key == ("api", "v1", "n", "GET", "h", "7")
    cache.keep(lookup, (200, {}, b"x"))
    now = 9.9
    assert cache.get(lookup.key) == (200, {}, b"x")
    now = 10.0
    assert cache.get(lookup.key) is None
    cache.keep(lookup, (200, {}, b"x" * (LARGEST_BYTES + 1)))
    assert cache.get(lookup.key) is None
