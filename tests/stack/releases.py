"""What the aliases of the deployed stack serve, before, during and after a release."""

from typing import Any

from scripts.rollout.change import serving
from tests.stack.conftest import Stack

API, PROJECT, PUBLISH, COMMANDS = "orders.api", "orders.project", "orders.publish", "orders.commands"
WEIGHT = 0.1
"""The share of the requests that a version gets before it has proven itself."""


def served(stack: Stack, key: str) -> tuple[str, dict[str, float]]:
    """(version, weights) of a function's alias."""
    function = stack.outputs["functions"][key]
    return serving(stack.environment.client("lambda"), function["name"], function["alias"])


def versions(stack: Stack) -> dict[str, str]:
    """What every function serves."""
    return {key: served(stack, key)[0] for key in stack.outputs["functions"]}


def configuration(stack: Stack, key: str, version: str) -> Any:
    function = stack.outputs["functions"][key]["name"]
    return stack.environment.client("lambda").get_function_configuration(FunctionName=function, Qualifier=version)
