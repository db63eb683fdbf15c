"""Attempts of a state: Retry with back-off, jitter and its longest wait, then Catch; and one attempt of a Task."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from typing import Any

from scripts.local import engine
from scripts.local.workflows import data_flow, tokens
from scripts.local.workflows.data_flow import Outcome
from scripts.local.workflows.runs import Runs
from scripts.local.workflows.tasks import CALLBACK, Tasks


class Attempts:
    """Runs Task, Parallel and Map states under their Retry and Catch."""

    def __init__(self, runs: Runs, tasks: Tasks) -> None:
        self._runs = runs
        self._tasks = tasks
        self._workflows = engine.service("stepfunctions")

    def install(self) -> None:
        self._workflows._execute_task = self.task
        self._workflows._with_retry_and_catch = self.run

    def task(self, state: dict[str, Any], data: Any, execution: dict[str, Any], context: dict[str, Any]) -> Outcome:
        return self.run(state, data, context, lambda: self._attempt(state, data, execution, context))

    def run(self, state: dict[str, Any], data: Any, context: dict[str, Any], attempt: Callable[[], Outcome]) -> Outcome:
        """The outcome of the first attempt that succeeds, or what a catcher makes of the last one's error."""
        workflows, entered = self._workflows, context["State"]
        retries: dict[int, int] = {}
        while True:
            # Branches leave their own State in the context; each attempt starts from this state's, counted.
            context["State"] = {**entered, "RetryCount": sum(retries.values())}
            try:
                return attempt()
            except workflows._ExecutionError as error:
                retrier, index = workflows._find_matching_retrier(state.get("Retry", []), error.error, retries)
                if retrier is None:
                    return self._caught(state, data, context, error)
                self._runs.wait(threading.Event(), delay(retrier, retries.get(index, 0)))
                retries[index] = retries.get(index, 0) + 1

    def _caught(self, state: dict[str, Any], data: Any, context: dict[str, Any], error: Any) -> Outcome:
        workflows = self._workflows
        catcher = workflows._find_matching_catcher(state.get("Catch", []), error.error)
        if catcher is None:
            raise error
        language = workflows._state_query_language(state, context)
        found = {"Error": error.error, "Cause": error.cause}
        return workflows._apply_catcher(catcher, data, context, language, found), catcher["Next"]

    def _attempt(self, state: dict[str, Any], data: Any, execution: dict[str, Any], context: dict[str, Any]) -> Outcome:
        if CALLBACK in state.get("Resource", ""):
            context["Task"] = {"Token": tokens.make(execution["stateMachineArn"])}
        arguments = data_flow.given(state, data, context)
        result = self._result(state, arguments, self._seconds(state, data, context), execution, context)
        return data_flow.outcome(state, data, context, result)

    def _result(
        self, state: dict[str, Any], arguments: Any, seconds: float | None, execution: dict[str, Any], context: Any
    ) -> Any:
        """What the resource answers, told in the history."""
        workflows, resource = self._workflows, state.get("Resource", "")
        kind = "lambda" if "lambda" in resource else "states"
        details = {"resourceType": kind, "resource": resource}
        workflows._add_event(execution, "TaskScheduled", {"taskScheduledEventDetails": details})
        try:
            if CALLBACK in resource:
                result = self._tasks.invoke_and_wait(state, arguments, context["Task"]["Token"], seconds)
            elif seconds is not None and ":activity:" not in resource:
                result = workflows._invoke_resource_with_timeout(resource, arguments, seconds)
            else:
                result = workflows._invoke_resource(resource, arguments)
        except workflows._ExecutionError as error:
            told = {"error": error.error, "cause": error.cause, "resource": resource}
            workflows._add_event(execution, "TaskFailed", {"taskFailedEventDetails": told})
            raise
        told = {"output": json.dumps(result), "resource": resource}
        workflows._add_event(execution, "TaskSucceeded", {"taskSucceededEventDetails": told})
        return result

    def _seconds(self, state: dict[str, Any], data: Any, context: dict[str, Any]) -> float | None:
        """TimeoutSeconds, which JSONata may compute."""
        if "TimeoutSeconds" not in state:
            return None
        return float(self._workflows._jsonata_state_field(state, "TimeoutSeconds", "number", data, context))


def delay(retrier: dict[str, Any], retries: int) -> float:
    """Seconds before the next attempt, after so many retries."""
    seconds = float(retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** retries)
    seconds = min(seconds, float(retrier.get("MaxDelaySeconds", seconds)))
    if retrier.get("JitterStrategy") == "FULL":
        return random.uniform(0, seconds)  # noqa: S311  jitter, not a secret
    return seconds
