"""Routes by Powertools' resolver."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver
from aws_lambda_powertools.utilities.typing import LambdaContext

type Action = Callable[..., Any]


class Router:
    """The resolver with the same face as the module that it stands for: it finds the function, the caller calls it."""

    def __init__(self) -> None:
        self._resolver = APIGatewayRestResolver()
        self._found: tuple[Action, dict[str, str]] | None = None

    def add[Answering: Action](self, method: str, path: str) -> Callable[[Answering], Answering]:
        """Decorate the function that answers."""

        def register(action: Answering) -> Answering:
            def note(**arguments: str) -> dict[str, str]:
                self._found = action, arguments
                return {}

            self._resolver.route(path, method=method)(note)
            return action

        return register

    def find(self, method: str, path: str) -> tuple[Action, dict[str, str]] | None:
        """The function for a request and its arguments; None if there is no such route."""
        self._found = None
        self._resolver.resolve({"httpMethod": method, "path": path}, LambdaContext())
        return self._found
