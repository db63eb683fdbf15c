import pytest

from shared.router import Router


def build() -> Router:
    router = Router()
    for method, path in (("GET", "/orders"), ("POST", "/orders"), ("GET", "/orders/<order_id>/events/<number>")):
        router.add(method, path)(lambda method=method, path=path, **given: (method, path, given))
    return router


@pytest.mark.parametrize(
    ("method", "path", "arguments"),
    [
        ("GET", "/orders", {}),
        ("POST", "/orders", {}),
        ("GET", "/orders/", {}),
        ("GET", "/orders/ord_1/events/2", {"order_id": "ord_1", "number": "2"}),
        ("GET", "/orders/a%2Fb/events/-._~!$&'()*+,;=:@", {"order_id": "a%2Fb", "number": "-._~!$&'()*+,;=:@"}),
    ],
)
def test_a_request_finds_its_function_and_its_arguments(method: str, path: str, arguments: dict[str, str]) -> None:
    found = build().find(method, path)
    assert found is not None
    action, given = found
    assert given == arguments
    assert action(**given)[0] == method


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/orders"),
        ("get", "/orders"),
        ("GET", "/order"),
        ("GET", "/orders/ord_1"),
        ("GET", "/orders//events/2"),
        ("GET", "/orders/a/b/events/2"),
        ("GET", "/orders/\N{SNOWMAN}/events/2"),
        ("GET", "/orders/ord_1/events/2\n"),
        ("GET", "/v1/orders"),
    ],
)
def test_everything_else_has_no_route(method: str, path: str) -> None:
    assert build().find(method, path) is None


def test_the_literal_parts_of_a_path_are_no_pattern() -> None:
    router = Router()
    router.add("GET", "/a.b")(dict)
    assert router.find("GET", "/a.b") is not None
    assert router.find("GET", "/axb") is None
