"""API Gateway's request body validation: draft-04 models, messages worded as AWS's validator words them.

`$context.error.validationErrorString` is the list of messages in square brackets. Ours differ in one thing: each
message starts with the JSON pointer of the value that it is about, where that is not the whole body.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NoReturn

from jsonschema import Draft4Validator

MAX_DEPTH = 1000
_Error = Any
"""jsonschema's ValidationError, whose fields the type stubs leave too open to use."""

_TYPES = (("boolean", bool), ("integer", int), ("number", float), ("string", str), ("array", list), ("object", dict))
_MINIMUM = (
    ("numeric instance is lower than the required minimum (minimum: {limit}, found: {found})"),
    ("numeric instance is not strictly greater than the required minimum {limit}"),
)
_MAXIMUM = (
    ("numeric instance is greater than the required maximum (maximum: {limit}, found: {found})"),
    ("numeric instance is not strictly lower than the required maximum {limit}"),
)


def errors(schema: str, body: bytes) -> list[str]:
    """The messages for a body against a model's schema; empty when it is valid."""
    try:
        document = json.loads(body, parse_constant=_refuse)
    except RecursionError:
        return [f"Could not parse request body into json: nested deeper than {MAX_DEPTH} levels"]
    except ValueError as error:
        return [f"Could not parse request body into json: {error}"]
    try:
        found = sorted(
            _validator(schema).iter_errors(document), key=lambda error: [str(p) for p in error.absolute_path]
        )
    except RecursionError:
        return [f"Could not parse request body into json: nested deeper than {MAX_DEPTH} levels"]
    return [message for error in found for message in _messages(error)]


def error_string(messages: list[str]) -> str:
    return "[" + ", ".join(messages) + "]"


@lru_cache(maxsize=64)
def _validator(schema: str) -> Draft4Validator:
    return Draft4Validator(json.loads(schema))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _messages(error: _Error) -> Iterator[str]:
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in error.absolute_path)
    wording = _WORDING.get(str(error.validator))
    text = wording(error) if wording else error.message
    if text is not None:
        yield f"{pointer}: {text}" if pointer else text


def _required(error: _Error) -> str | None:
    """The library reports each missing property; AWS reports them together, so only the first one speaks."""
    missing = [name for name in error.validator_value if name not in error.instance]
    if not error.message.startswith(repr(missing[0])):
        return None
    return f"object has missing required properties ({_json(sorted(missing))})"


def _additional(error: _Error) -> str:
    unknown = sorted(set(error.instance) - set(error.schema.get("properties", {})))
    return f"object instance has properties which are not allowed by the schema: {_json(unknown)}"


def _type(error: _Error) -> str:
    allowed = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    found = next((name for name, kind in _TYPES if isinstance(error.instance, kind)), "null")
    return f"instance type ({found}) does not match any allowed primitive type (allowed: {_json(sorted(allowed))})"


def _bound(wording: tuple[str, str], exclusive: str) -> Callable[[_Error], str]:
    def text(error: _Error) -> str:
        form = wording[bool(error.schema.get(exclusive)) and error.instance == error.validator_value]
        return form.format(limit=_json(error.validator_value), found=_json(error.instance))

    return text


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_WORDING: dict[str, Callable[[_Error], str | None]] = {
    "required": _required,
    "additionalProperties": _additional,
    "type": _type,
    "minimum": _bound(_MINIMUM, "exclusiveMinimum"),
    "maximum": _bound(_MAXIMUM, "exclusiveMaximum"),
    "minLength": lambda e: (
        f"string {_json(e.instance)} is too short (length: {len(e.instance)}, required minimum: {e.validator_value})"
    ),
    "maxLength": lambda e: (
        f"string {_json(e.instance)} is too long (length: {len(e.instance)}, maximum allowed: {e.validator_value})"
    ),
    "pattern": lambda e: f"ECMA 262 regex {_json(e.validator_value)} does not match input string {_json(e.instance)}",
    "minItems": lambda e: (
        f"array is too short: must have at least {e.validator_value} elements "
        f"but instance has {len(e.instance)} elements"
    ),
    "maxItems": lambda e: (
        f"array is too long: must have at most {e.validator_value} elements but instance has {len(e.instance)} elements"
    ),
    "uniqueItems": lambda _: "array must not contain duplicate elements",
    "enum": lambda e: (
        f"instance value ({_json(e.instance)}) not found in enum (possible values: {_json(e.validator_value)})"
    ),
    "minProperties": lambda e: (
        f"object has too few properties (found {len(e.instance)} but schema requires at least {e.validator_value})"
    ),
    "anyOf": lambda e: f"instance failed to match at least one required schema among {len(e.validator_value)}",
    "not": lambda _: "instance matched a schema which it should not have",
}
