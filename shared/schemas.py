"""Validating JSON against a JSON Schema file. Imports the standard library; the first validation fastjsonschema.

A schema is compiled on first use and kept for the life of the process.
"""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.problems import Flaw, flawed_body, shown

if TYPE_CHECKING:
    from fastjsonschema import JsonSchemaValueException

CONTRACTS = Path(__file__).parent / "contracts"
_DATA_PREFIX = re.compile(r"^data\S*\s+")
_MAX_FLAWS = 20


def validate(value: object, schema: Path) -> None:
    """Raise ProblemError (400, every flaw with its pointer and fix) unless the value follows the schema."""
    flaws = find_flaws(value, schema)
    if flaws:
        raise flawed_body(flaws)


def find_flaws(value: object, schema: Path, branch: str | None = None) -> list[Flaw]:
    """What is wrong with the value, [] if nothing; at most _MAX_FLAWS.

    ``branch`` is the title of the one schema of the file's ``oneOf`` that the value means to follow: its flaws say more
    than that the value follows none of them.
    """
    from fastjsonschema import JsonSchemaValuesException

    try:
        _compiled(schema, branch)(value)
    except JsonSchemaValuesException as failure:
        return [flaw for error in failure.errors[:_MAX_FLAWS] for flaw in _to_flaws(error)][:_MAX_FLAWS]
    return []


@cache
def _compiled(schema: Path, branch: str | None) -> Callable[[object], object]:
    from fastjsonschema import compile as compile_schema

    definition = json.loads(schema.read_text(encoding="utf-8"))
    if branch is not None:
        [definition] = (one for one in definition["oneOf"] if one["title"] == branch)
    compiled: Callable[[object], object] = compile_schema(definition, use_default=False, fast_fail=False)
    return compiled


def _to_flaws(error: "JsonSchemaValueException") -> list[Flaw]:
    pointer = "".join(f"/{part}" for part in error.path[1:])
    definition: dict[str, Any] = error.definition or {}
    if error.rule == "required":
        missing = [name for name in definition["required"] if name not in error.value]
        described = definition.get("properties", {})
        return [
            Flaw("pointer", f"{pointer}/{name}", _sentence("is required", described.get(name, {}))) for name in missing
        ]
    if error.rule == "additionalProperties":
        known = definition.get("properties", {})
        unknown = [name for name in error.value if name not in known]
        allowed = ", ".join(known)
        return [
            Flaw("pointer", f"{pointer}/{_escape(name)}", f"is not a known field; allowed are {allowed}")
            for name in unknown
        ]
    return [Flaw("pointer", pointer, _sentence(_DATA_PREFIX.sub("", error.message), definition))]


def _sentence(rule: str, definition: dict[str, Any]) -> str:
    """What the rule demands, then what the field is, so that the reader need not look it up."""
    description = definition.get("description")
    return f"{rule}. {description}" if description else rule


def _escape(name: str) -> str:
    return shown(name)[1:-1].replace("~", "~0").replace("/", "~1")
