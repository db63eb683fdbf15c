"""Mapping templates: Velocity with API Gateway's variables $input, $context, $stageVariables and $util.

A reference that is not defined renders as nothing and is false in a condition, as in API Gateway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import airspeed
from airspeed import operators

from scripts.local.gateway.mapping_values import Input, JsonObject, Util, velocity


class TemplateError(Exception):
    """A template that is not Velocity, or that fails while it is rendered."""


@dataclass(frozen=True, slots=True)
class Variables:
    """What templates of one request can refer to. `params` has the maps path, querystring and header."""

    params: dict[str, dict[str, str]]
    context: dict[str, Any]
    stage_variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template's text, and what it assigned to $context.requestOverride or $context.responseOverride."""

    text: str
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)
    status: int | None = None


def render(template: str, body: str, variables: Variables) -> Rendered:
    """Render a template on a payload. Raises TemplateError."""
    context = velocity(
        {
            **variables.context,
            "requestOverride": {"header": {}, "querystring": {}, "path": {}},
            "responseOverride": {"header": {}},
        }
    )
    names = {
        "input": Input(body, variables.params),
        "context": context,
        "stageVariables": velocity(dict(variables.stage_variables)),
        "util": Util(),
    }
    try:
        text = _compiled(template).merge(names)
    except (airspeed.TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise TemplateError(str(error)) from error
    request, response = context["requestOverride"], context["responseOverride"]
    status = response.get("status")
    return Rendered(
        text,
        headers=_text(request["header"]) | _text(response["header"]),
        query=_text(request["querystring"]),
        path=_text(request["path"]),
        status=int(status) if status is not None else None,
    )


def _text(values: JsonObject) -> dict[str, str]:
    return {name: str(values[name]) for name in values.keySet()}


@lru_cache(maxsize=256)
def _compiled(template: str) -> Any:
    return airspeed.Template(template)


def _undefined_is_empty() -> None:
    """The library keeps what is undefined apart as None, which it takes for true; API Gateway does not."""
    calculate = operators.VariableExpression.calculate

    def calculate_or_empty(self: Any, namespace: Any, loader: Any, global_namespace: Any = None) -> Any:
        value = calculate(self, namespace, loader, global_namespace)
        return "" if value is None and global_namespace is None else value

    operators.VariableExpression.calculate = calculate_or_empty


def _methods_of_java() -> None:
    """Methods of Java's String, List and Map that templates call and the library does not know."""
    methods = operators.__additional_methods__
    methods[str] |= {
        "concat": lambda text, other: text + other,
        "endsWith": lambda text, end: text.endswith(end),
        "equals": lambda text, other: text == other,
        "equalsIgnoreCase": lambda text, other: text.lower() == other.lower(),
        "isEmpty": lambda text: not text,
        "toLowerCase": lambda text: text.lower(),
        "toString": lambda text: text,
        "toUpperCase": lambda text: text.upper(),
        "trim": lambda text: text.strip(),
    }
    methods[dict] |= {
        "containsKey": lambda values, name: name in values,
        "entrySet": lambda values: velocity([{"key": key, "value": value} for key, value in values.items()]),
        "isEmpty": lambda values: not values,
        "size": len,
    }


_undefined_is_empty()
_methods_of_java()
