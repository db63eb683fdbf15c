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
from jsonschema.exceptions import ValidationError

MAX_DEPTH = 1000
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
        found = sorted(_validator(schema).iter_errors(document), key=lambda error: [str(p) for p in error.absolute_path])
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


def _messages(error: ValidationError) -> Iterator[str]:
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in error.absolute_path)
    wording = _WORDING.get(str(error.validator))
    text = wording(error) if wording else error.message
    if text is not None:
        yield f"{pointer}: {text}" if pointer else text


def _required(error: ValidationError) -> str | None:
    """The library reports each missing property; AWS reports them together, so only the first one speaks."""
    missing = sorted(name for name in error.validator_value if name not in error.instance)
    return f"object has missing required properties ({_json(missing)})" if f"'{_first(error, missing)}'" in error.message \
        else None


def _first(error: ValidationError, missing: list[str]) -> str:
    return next(name for name in error.validator_value if name in missing)


def _additional(error: ValidationError) -> str:
    known = error.schema.get("properties", {})
    return f"object instance has properties which are not allowed by the schema: {_json(sorted(set(error.instance) - set(known)))}"


def _type(error: ValidationError) -> str:
    allowed = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    found = next((name for name, kind in _TYPES if isinstance(error.instance, kind)), "null")
    return f"instance type ({found}) does not match any allowed primitive type (allowed: {_json(sorted(allowed))})"


def _bound(wording: tuple[str, str], exclusive: str) -> Callable[[ValidationError], str]:
    def text(error: ValidationError) -> str:
        form = wording[bool(error.schema.get(exclusive)) and error.instance == error.validator_value]
        return form.format(limit=_json(error.validator_value), found=_json(error.instance))

    return text


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_WORDING: dict[str, Callable[[ValidationError], str | None]] = {
    "required": _required,
    "additionalProperties": _additional,
    "type": _type,
    "minimum": _bound(_MINIMUM, "exclusiveMinimum"),
    "maximum": _bound(_MAXIMUM, "exclusiveMaximum"),
    "minLength": lambda e: f"string {_json(e.instance)} is too short (length: {len(e.instance)}, "
                           f"required minimum: {e.validator_value})",
    "maxLength": lambda e: f"string {_json(e.instance)} is too long (length: {len(e.instance)}, "
                           f"maximum allowed: {e.validator_value})",
    "pattern": lambda e: f"ECMA 262 regex {_json(e.validator_value)} does not match input string {_json(e.instance)}",
    "minItems": lambda e: f"array is too short: must have at least {e.validator_value} elements "
                          f"but instance has {len(e.instance)} elements",
    "maxItems": lambda e: f"array is too long: must have at most {e.validator_value} elements "
                          f"but instance has {len(e.instance)} elements",
    "uniqueItems": lambda e: "array must not contain duplicate elements",
    "enum": lambda e: f"instance value ({_json(e.instance)}) not found in enum (possible values: {_json(e.validator_value)})",
    "minProperties": lambda e: f"object has too few properties (found {len(e.instance)} "
                               f"but schema requires at least {e.validator_value})",
    "anyOf": lambda e: f"instance failed to match at least one required schema among {len(e.validator_value)}",
    "not": lambda e: "instance matched a schema which it should not have",
}
