"""The routes that Terraform gives the gateway are the routes that the handler answers."""

import re
from pathlib import Path
from types import ModuleType

ROUTES = Path(__file__).parents[3] / "terraform" / "services" / "orders" / "routes.tf"


def test_the_handler_answers_the_gateways_routes(handlers: dict[str, ModuleType]):
    at_the_gateway = re.findall(r'^    "([A-Z]+ /[^"]*)" = \{$', ROUTES.read_text(), re.MULTILINE)
    assert at_the_gateway
    assert set(handlers["api"].app.actions) == set(at_the_gateway)
