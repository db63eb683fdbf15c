"""Finds what would set a Lambda function in motion past its alias, in the JSON that `terraform show` prints.

It knows no list of triggers: in every resource but a few that only speak of functions, each function that is named must
carry the alias, whether by ARN, by name, in a URI or deep inside a definition. A resource type that nobody used yet is
covered as well as the others.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ALIAS = "live"
# They name functions and start none: the function, its owner, rights, what watches it, and what releases it.
ONLY_SPEAK = frozenset(
    {
        *("aws_lambda_function", "aws_lambda_alias", "aws_lambda_layer_version", "aws_lambda_layer_version_permission"),
        *("aws_iam_policy", "aws_iam_role", "aws_iam_role_policy", "aws_kms_key", "aws_kms_key_policy"),
        *("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm", "aws_cloudwatch_dashboard"),
        *("aws_cloudwatch_query_definition", "aws_codedeploy_deployment_group", "aws_xray_group"),
        *("aws_lambda_function_recursion_config", "aws_lambda_runtime_management_config"),
    }
)
FUNCTION_ARN = re.compile(r"arn:[\w-]+:lambda:[^:\s]+:\d+:function:(?P<name>[\w-]+)(?::(?P<qualifier>[\w$-]+))?")
# A function by name, as fields and as calls of services have it; name:alias is as good as the ARN.
NAME_FIELDS = frozenset({"function_name", "FunctionName"})


@dataclass(frozen=True, slots=True)
class Target:
    """A function that a resource names; `qualifier` is None for the bare function."""

    address: str
    kind: str
    function: str
    qualifier: str | None

    def __str__(self) -> str:
        return f"{self.address} targets {self.function}:{self.qualifier or '(no qualifier)'}"


def resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every managed resource of a module of `terraform show -json` and of the modules in it."""
    yield from (resource for resource in module.get("resources", []) if resource["mode"] == "managed")
    for child in module.get("child_modules", []):
        yield from resources(child)


def targets(module: dict[str, Any]) -> list[Target]:
    """Every function that any resource names, in a place where naming it sets it in motion or lets others do so."""
    return [
        Target(resource["address"], resource["type"], function, qualifier)
        for resource in resources(module)
        if resource["type"] not in ONLY_SPEAK
        for function, qualifier in _named(resource["values"])
    ]


def unqualified(module: dict[str, Any]) -> list[Target]:
    """Those that would run past the alias: canary, weights and rollback would not reach them."""
    return [target for target in targets(module) if target.qualifier != ALIAS]


def _named(value: Any) -> Iterator[tuple[str, str | None]]:
    """(function, qualifier) of each mention."""
    if isinstance(value, dict):
        beside = value.get("qualifier") or value.get("Qualifier") or None
        for key, found in value.items():
            if key.removesuffix(".$") in NAME_FIELDS and isinstance(found, str):
                yield _reference(found, beside)
            else:
                yield from _named(found)
    elif isinstance(value, list):
        for found in value:
            yield from _named(found)
    elif isinstance(value, str):
        if value[:1] in ("{", "[") and (parsed := _parsed(value)) is not None:
            yield from _named(parsed)
        else:
            yield from ((found["name"], found["qualifier"]) for found in FUNCTION_ARN.finditer(value))


def _reference(text: str, beside: str | None) -> tuple[str, str | None]:
    """A function by ARN, name or name:qualifier. What only the run decides ($.name, {% %}) has no qualifier here."""
    if found := FUNCTION_ARN.search(text):
        return found["name"], found["qualifier"] or beside
    if text.startswith(("$", "{%")):
        return text, None
    name, _, qualifier = text.partition(":")
    return name, qualifier or beside


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
