"""The routes that Terraform gives the gateway are the routes that the handler answers."""

from types import ModuleType

from tests.component.gateway import routes_at_the_gateway


def test_the_handler_answers_the_gateways_routes(handlers: dict[str, ModuleType]):
    assert set(handlers["api"].app.actions) == routes_at_the_gateway("inventory")
