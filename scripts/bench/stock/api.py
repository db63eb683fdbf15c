"""Routes by Powertools' resolver. All else is the module that this one stands for, kept as `own_api` by the build."""

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver

own: Any = import_module("shared.own_api")


def __getattr__(name: str) -> Any:
    return getattr(own, name)


class Api:
    """The resolver finds each request's route; the service's function answers it."""

    def __init__(self, problems: Any) -> None:
        self._own = own.Api(problems)
        self._resolver = APIGatewayRestResolver()

    def route(self, route: str) -> Callable[[Any], Any]:
        """Decorate the function that answers a route such as "GET /orders/{order_id}"."""
        method, path = route.split(" ")
        self._resolver.route(re.sub(r"{(\w+)}", r"<\1>", path), method=method)(_found)
        register: Callable[[Any], Any] = self._own.route(route)
        return register

    def handle(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Answer a REST proxy event."""
        self._resolver.resolve(event, context)
        answer: dict[str, Any] = self._own.handle(event, context)
        return answer


def _found(**_: str) -> dict[str, str]:
    return {}
