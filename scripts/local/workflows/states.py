"""JSONata states that the engine passes through: Output of Succeed, and Output and Assign of Choice by default."""

from __future__ import annotations

from typing import Any

from scripts.local import engine


def install() -> None:
    """Replace what ends a Succeed state and what chooses in a Choice state."""
    workflows = engine.service("stepfunctions")
    output_path, choose = workflows._apply_output_path, workflows._execute_choice

    def is_jsonata(state: dict[str, Any], context: Any) -> bool:
        return bool(workflows._state_query_language(state, context) == "JSONata")

    def apply_output(state: dict[str, Any], data: Any, context: Any = None) -> Any:
        if state.get("Type") == "Succeed" and is_jsonata(state, context):
            return workflows._apply_jsonata_output(state, data, context, default=data)
        return output_path(state, data, context)

    def execute_choice(state: dict[str, Any], data: Any, context: Any = None) -> Any:
        """A rule's Output and Assign count when it matches, the state's own when none does."""
        if not is_jsonata(state, context):
            return choose(state, data, context)
        rules = (one for one in state["Choices"] if workflows._evaluate_jsonata_choice_rule(one, data, context))
        chosen = next(rules, None)
        if chosen is None and not state.get("Default"):
            raise workflows._ExecutionError("States.NoChoiceMatched", "No choice rule matched and there is no Default.")
        source = state if chosen is None else chosen
        output = workflows._apply_jsonata_output(source, data, context, default=data)
        workflows._apply_state_assign(source, data, context)
        return output, state["Default"] if chosen is None else chosen["Next"]

    workflows._apply_output_path = apply_output
    workflows._execute_choice = execute_choice
