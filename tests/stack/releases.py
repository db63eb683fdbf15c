"""Versions to release on the deployed stack, and what its aliases serve."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scripts.environment import ROOT
from scripts.rollout.change import serving
from tests.stack.code import Change, altered
from tests.stack.conftest import Stack

API, PROJECT, PUBLISH, COMMANDS = "orders.api", "orders.project", "orders.publish", "orders.commands"
WEIGHT = 0.1
"""The share of the requests that a version gets before it has proven itself."""

type Publish = Callable[..., dict[str, str]]


@contextmanager
def publishing(stack: Stack, new_folder: Callable[[], Path]) -> Iterator[Publish]:
    """Deploys changed modules or settings and leaves their release open; gives the new versions by function."""
    with pytest.MonkeyPatch.context() as patch:

        def publish(changes: dict[str, dict[str, Change]], **variables: str) -> dict[str, str]:
            patch.undo()
            patch.setenv("TF_VAR_build_dir", str(altered(ROOT / "build", new_folder() / "build", changes)))
            for name, value in variables.items():
                patch.setenv(f"TF_VAR_{name}", value)
            stack.command("up", "--canary")
            return {key: str(one["version"]) for key, one in stack.outputs["functions"].items()}

        try:
            yield publish
        finally:
            patch.undo()
            stack.command("up")


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
