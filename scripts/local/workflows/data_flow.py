"""What the work of a state is given, and what becomes of its result: by paths, or in JSONata."""

from __future__ import annotations

from typing import Any

from scripts.local import engine

Outcome = tuple[Any, str | None]
"""(output, name of the next state or None)."""


def given(state: dict[str, Any], data: Any, context: dict[str, Any]) -> Any:
    """What the state hands to a task, or to each of its branches."""
    workflows = engine.service("stepfunctions")
    if _is_jsonata(state, context):
        return workflows._apply_jsonata_arguments(state, data, context)
    return workflows._apply_parameters(state, workflows._apply_input_path(state, data, context), context)


def outcome(state: dict[str, Any], data: Any, context: dict[str, Any], result: Any) -> Outcome:
    """What the state passes on of a result, its variables assigned."""
    workflows = engine.service("stepfunctions")
    if _is_jsonata(state, context):
        output = workflows._apply_jsonata_output(state, data, context, result=result, default=result)
        workflows._apply_state_assign(state, data, context, result=result)
    else:
        selected = workflows._apply_result_selector(state, result)
        output = workflows._apply_output_path(state, workflows._apply_result_path(state, data, selected), context)
    return output, workflows._next_or_end(state)


def _is_jsonata(state: dict[str, Any], context: dict[str, Any]) -> bool:
    return bool(engine.service("stepfunctions")._state_query_language(state, context) == "JSONata")
