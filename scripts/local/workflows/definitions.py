"""Definitions: an invalid one is refused, and ValidateStateMachineDefinition says why."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from statelint.config import Config
from statelint.linter import Linter
from statelint.problem import ProblemType

from scripts.local import engine

LONGEST_CHARACTERS = 1024 * 1024
_JSONATA = re.compile(r'\bis "\{%.*%\}" but should be ')
"""statelint asks for a number where JSONata may compute one."""

Action = Callable[[dict[str, Any]], Any]


def install() -> None:
    workflows = engine.service("stepfunctions")
    workflows._create_state_machine = _checked(workflows._create_state_machine)
    workflows._update_state_machine = _checked(workflows._update_state_machine)
    workflows._validate_state_machine_definition = _validate


def problems(text: str) -> list[str]:
    """What is wrong with a definition, [] if nothing."""
    if len(text) > LONGEST_CHARACTERS:
        return [f"The definition is longer than {LONGEST_CHARACTERS} characters"]
    try:
        definition = json.loads(text)
    except ValueError as error:
        return [f"The definition is not JSON: {error}"]
    if not isinstance(definition, dict):
        return ["The definition is not a JSON object"]
    found = Linter.validate(definition, Config(ignored_problem_types={ProblemType.FLOAT, ProblemType.URI}))
    expressions = engine.service("stepfunctions")._validate_definition_jsonata(text)
    return [problem for problem in found if not _JSONATA.search(problem)] + ([expressions] if expressions else [])


def _checked(act: Action) -> Action:
    def checked(data: dict[str, Any]) -> Any:
        found = problems(data["definition"]) if isinstance(data.get("definition"), str) else []
        if not found:
            return act(data)
        message = "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: " + "; ".join(found) + "'"
        return engine.core("responses").error_response_json("InvalidDefinition", message, 400)

    return checked


def _validate(data: dict[str, Any]) -> Any:
    found = problems(str(data.get("definition", "")))
    diagnostics = [
        {"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": problem, "location": "/States"}
        for problem in found
    ]
    answer = {"result": "FAIL" if found else "OK", "diagnostics": diagnostics, "truncated": False}
    return engine.core("responses").json_response(answer)
