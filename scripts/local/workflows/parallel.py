"""Parallel states: a branch that fails stops the others; branches share no token, no state name and no variables."""

from __future__ import annotations

import contextvars
import copy
import threading
from typing import Any

from scripts.local import engine
from scripts.local.workflows import data_flow
from scripts.local.workflows.data_flow import Outcome
from scripts.local.workflows.run import Run
from scripts.local.workflows.runs import Runs


class Parallel:
    """Runs the branches of a Parallel state, each on a thread."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._workflows = engine.service("stepfunctions")
        self._run_alone = self._workflows._run_parallel_branches

    def install(self) -> None:
        self._workflows._run_parallel_branches = self.run

    def run(self, state: dict[str, Any], data: Any, execution: Any, context: dict[str, Any]) -> Outcome:
        """(output, next state) of one attempt; raises the error of the branch that failed first."""
        run = self._runs.current()
        if run is None:
            found: Outcome = self._run_alone(state, data, execution, context)
            return found
        given = data_flow.given(state, data, context)
        results = self._results(run, state["Branches"], given, execution, context)
        return data_flow.outcome(state, data, context, results)

    def _results(self, run: Run, definitions: list[Any], given: Any, execution: Any, context: Any) -> list[Any]:
        branches = [run.branch() for _ in definitions]
        results: list[Any] = [None] * len(definitions)
        errors: list[Exception] = []

        def work(index: int) -> None:
            definition, own = definitions[index], copy.deepcopy(context)

            def states() -> Any:
                return self._workflows._run_sub_machine(
                    definition["States"], definition["StartAt"], given, execution, own
                )

            try:
                results[index] = self._runs.within(branches[index], states)
            except Exception as error:  # noqa: BLE001  raised by the state, on its own thread
                errors.append(error)
                for branch in branches:
                    branch.stop()

        threads = [
            threading.Thread(target=contextvars.copy_context().run, args=(work, index), daemon=True)
            for index in range(len(branches))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        run.end_branches(branches)
        if not errors:
            return results
        if isinstance(errors[0], self._workflows._ExecutionError):
            raise errors[0]
        raise self._workflows._ExecutionError("States.BranchFailed", str(errors[0])) from errors[0]
