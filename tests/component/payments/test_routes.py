"""The routes that Terraform gives the gateway are the routes that the handlers answer."""

from types import ModuleType

from tests.component.gateway import routes_at_the_gateway


def test_the_handlers_answer_the_gateways_routes(handlers: dict[str, ModuleType]):
    answered = {*handlers["api"].app.actions, *handlers["webhook"].app.actions}
    assert answered == routes_at_the_gateway("payments")
