"""The parts of shared.api that no route of a service reaches through its own tests."""

import json
from typing import Any

import pytest

from shared import api
from shared.problems import ProblemError
from tests.unit.shared.support import Context


class ShopClosedError(Exception):
    pass


@pytest.fixture
def app() -> Any:
    app = api.Api({ShopClosedError: lambda _: ProblemError("temporarily_unavailable", "come back at nine")})

    @app.route("GET /closed")
    def closed(request: api.Request) -> api.Answer:
        raise ShopClosedError

    @app.route("GET /broken")
    def broken(request: api.Request) -> api.Answer:
        raise ZeroDivisionError

    @app.route("GET /crowded")
    def crowded(request: api.Request) -> api.Answer:
        from botocore.exceptions import ClientError

        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "Query")

    @app.route("GET /rooms/{room}")
    def room(request: api.Request, room: str) -> api.Answer:
        return api.answer(200, {"room": room})

    @app.route("GET /echo")
    def echo(request: api.Request) -> api.Answer:
        return api.answer(200, {"query": request.parameters(("a",)), "correlation_id": request.correlation_id})

    return app


def get(app: Any, path: str, **parts: Any) -> tuple[int, Any]:
    context = {"requestId": "r-1"}
    event = {"httpMethod": "GET", "resource": path, "path": path, "headers": None, "requestContext": context} | parts
    reply = app.handle(event, Context())
    return reply["statusCode"], json.loads(reply["body"])


def test_a_route_is_found_by_the_resource_that_the_gateway_matched(app: Any):
    parts = {"resource": "/rooms/{room}", "pathParameters": {"room": "a/b"}}
    assert get(app, "/rooms/a%2Fb", **parts) == (200, {"room": "a/b"})
    assert get(app, "/rooms/a", httpMethod="PUT", **parts)[1]["type"] == "urn:tradepost:problem:unknown_route"


def test_a_services_error_is_answered_as_its_problem(app: Any):
    status, problem = get(app, "/closed")
    assert status == 503
    assert problem["detail"] == "come back at nine"
    assert problem["request_id"] == "r-1"


def test_a_throttled_call_is_answered_503(app: Any):
    status, problem = get(app, "/crowded")
    assert (status, problem["type"]) == (503, "urn:tradepost:problem:temporarily_unavailable")


def test_an_error_that_nobody_foresaw_goes_on(app: Any):
    with pytest.raises(ZeroDivisionError):
        get(app, "/broken")


def test_parameters_are_read_with_and_without_lists(app: Any):
    assert get(app, "/echo", queryStringParameters={"a": "1"}) == (200, {"query": {"a": "1"}, "correlation_id": "r-1"})
    assert get(app, "/echo", multiValueQueryStringParameters={"a": ["1", "2"]})[0] == 400


def test_a_request_without_a_gateway_is_correlated_by_the_functions_own_id(app: Any):
    assert get(app, "/echo", requestContext={})[1]["correlation_id"] == Context().aws_request_id
