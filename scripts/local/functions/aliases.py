"""Which version an invocation runs: alias to version by weight, with the ARN that the caller used."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from scripts.local import engine


class FunctionNotFoundError(Exception):
    """No such function, version or alias; the message is AWS's."""


@dataclass(frozen=True, slots=True)
class Target:
    """A resolved invocation target: `arn` keeps the qualifier of the caller, `version` is what runs."""

    name: str
    qualifier: str | None
    version: str
    arn: str
    record: dict[str, Any]
    base: dict[str, Any]

    @property
    def config(self) -> dict[str, Any]:
        found: dict[str, Any] = self.record["config"]
        return found


def resolve(name: str, qualifier: str | None) -> Target:
    """Choose the version for one invocation in the current account and region; raises FunctionNotFoundError."""
    functions = engine.service("lambda_svc")
    base = functions._functions.get(name)
    arn = functions._func_arn(name) + (f":{qualifier}" if qualifier else "")
    if base is None:
        raise FunctionNotFoundError(f"Function not found: {arn}")
    alias = base["aliases"].get(qualifier)
    version = choose_version(alias, random.random()) if alias else qualifier or "$LATEST"  # noqa: S311  not a secret
    record = base if version == "$LATEST" else base["versions"].get(version)
    if record is None:
        raise FunctionNotFoundError(f"Function not found: {arn}")
    return Target(name, qualifier, version, arn, record, base)


def choose_version(alias: dict[str, Any], draw: float) -> str:
    """The version for a draw in [0, 1): additional versions take their weights first, the main one the rest."""
    reached = 0.0
    for version, weight in ((alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}).items():
        reached += float(weight)
        if draw < reached:
            return str(version)
    return str(alias["FunctionVersion"])


def split_reference(reference: str) -> tuple[str, str | None]:
    """(name, qualifier) of a function name, name:qualifier or ARN."""
    if reference.startswith("arn:"):
        parts = reference.split(":")
        return parts[6], parts[7] if len(parts) > 7 else None
    name, _, qualifier = reference.partition(":")
    return name, qualifier or None
