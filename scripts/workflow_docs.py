"""`make docs`: docs/workflows/<workflow>.md from the workflow's definition; `make lint` finds stale pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from scripts.console import fail, say
from scripts.environment import ROOT

DEFINITIONS = "services/*/workflows/*.asl.json"
FOLDER = Path("docs/workflows")
FAILURES = """\
A step that fails is tried again, each wait a random part of one that grows (full jitter); then other steps follow.
What is tried again may have been done already: every step may run twice."""
State = dict[str, Any]

_OUTCOME = re.compile(r"\$states\.input\.outcome = '(\w+)'")
_SHAPES = {"Task": '["{}"]', "Choice": '{{"{}"}}', "Succeed": '(["{}"])', "Fail": '[["{}"]]', "Pass": '("{}")'}
_SERVICE = "Lambda's own errors"
_ANY, _ANY_OTHER = "any", "any other"
_CLASSES = {"States.TaskFailed": _ANY_OTHER, "States.ALL": _ANY}


@dataclass(frozen=True)
class Workflow:
    """A definition as it lies beside the code."""

    path: Path

    @cached_property
    def definition(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return found

    @property
    def states(self) -> dict[str, State]:
        found: dict[str, State] = self.definition["States"]
        return found

    @property
    def name(self) -> str:
        return self.path.name.removesuffix(".asl.json")

    @property
    def page(self) -> Path:
        return ROOT / FOLDER / f"{self.name}.md"

    def tasks(self) -> Iterator[tuple[str, State]]:
        return ((name, state) for name, state in self.states.items() if state["Type"] == "Task")

    def following(self, name: str) -> list[str]:
        """The states that may come after one that succeeds."""
        state = self.states[name]
        rules = [rule["Next"] for rule in state.get("Choices", [])]
        return [*rules, *(state[key] for key in ("Next", "Default") if key in state)]

    def way_out(self, start: str) -> tuple[list[str], list[str]]:
        """The shortest way from a state to a good end: the tasks on it, and the ends that are equally near."""
        ways, seen = [[start]], {start}
        while ways:
            done = [way for way in ways if self.states[way[-1]]["Type"] == "Succeed"]
            if done:
                return [name for name in done[0] if self.states[name]["Type"] == "Task"], [way[-1] for way in done]
            longer = [[*way, name] for way in ways for name in self.following(way[-1])]
            ways = [way for way in longer if way[-1] not in seen]
            seen |= {way[-1] for way in ways}
        return [], [start]


def workflows() -> list[Workflow]:
    """Every workflow of every service."""
    return [Workflow(path) for path in sorted(ROOT.glob(DEFINITIONS))]


def write() -> None:
    """Write the page of each workflow."""
    for workflow in workflows():
        workflow.page.parent.mkdir(parents=True, exist_ok=True)
        workflow.page.write_text(render(workflow), encoding="utf-8")
        say(f"  wrote {workflow.page.relative_to(ROOT)}")


def check() -> None:
    """Compare the pages with the definitions.

    Raises:
        Failure: a page is stale or missing.
    """
    stale = [one for one in workflows() if not one.page.exists() or one.page.read_text(encoding="utf-8") != render(one)]
    if stale:
        names = ", ".join(str(one.page.relative_to(ROOT)) for one in stale)
        fail(f"not what the definition says: {names}", "make docs")


def render(workflow: Workflow) -> str:
    """The page: the diagram, what the outcomes lead to, and what becomes of each failure."""
    source = workflow.path.relative_to(ROOT)
    made_from = f"Made from [{workflow.path.name}](../../{source}) by `make docs`; change that and not this."
    sections = [
        f"# {workflow.path.parent.parent.name}: the workflow {workflow.name}",
        workflow.definition["Comment"],
        made_from,
        f"```mermaid\n{_diagram(workflow)}\n```",
        "## What the answers lead to",
        _table(("after", "answer", "then", "reason"), _outcomes(workflow)),
        "## What becomes of failures",
        FAILURES,
        _table(("step", "error", "tried again", "then", "ends in"), _failures(workflow)),
        "## What each state is for",
        _table(("state", "calls", "note"), _notes(workflow)),
    ]
    return "\n\n".join(sections) + "\n"


def _diagram(workflow: Workflow) -> str:
    lines = ["flowchart TD", f"  start(( )) --> {workflow.definition['StartAt']}"]
    for name, state in workflow.states.items():
        label = name if state["Type"] != "Task" else f"{name}<br/>{_calls(state)}"
        lines.append(f"  {name}{_SHAPES[state['Type']].format(label)}")
    for name, state in workflow.states.items():
        lines += [
            f'  {name} -->|"{_condition(rule["Condition"])}"| {rule["Next"]}' for rule in state.get("Choices", [])
        ]
        lines += [f'  {name} -->|"else"| {state["Default"]}' for _ in [0] if "Default" in state]
        lines += [f"  {name} --> {state['Next']}" for _ in [0] if "Next" in state]
        lines += [f'  {name} -.->|"{_errors(one)}"| {one["Next"]}' for one in state.get("Catch", [])]
    return "\n".join(lines)


def _outcomes(workflow: Workflow) -> Iterator[tuple[str, ...]]:
    for name, state in workflow.states.items():
        for rule in state.get("Choices", []):
            yield name, _condition(rule["Condition"]), rule["Next"], _reason(rule)
        if "Default" in state:
            yield name, "else", state["Default"], _reason(state)


def _failures(workflow: Workflow) -> Iterator[tuple[str, ...]]:
    for name, state in workflow.tasks():
        retried = {_errors(retrier): retrier for retrier in state.get("Retry", [])}
        caught = {_errors(catcher): catcher for catcher in state["Catch"]}
        for error in [*retried, *(error for error in caught if error not in retried and error != _ANY)]:
            yield name, error, _retries(retried.get(error)), *_afterwards(workflow, caught.get(error, caught[_ANY]))
        if _ANY_OTHER not in retried:
            yield name, _ANY_OTHER, _retries(None), *_afterwards(workflow, caught[_ANY])


def _retries(retrier: State | None) -> str:
    if retrier is None or retrier["MaxAttempts"] == 0:
        return "no"
    first, rate, longest = (retrier[name] for name in ("IntervalSeconds", "BackoffRate", "MaxDelaySeconds"))
    return f"{retrier['MaxAttempts']} times: {first} s, times {rate}, at most {longest} s"


def _afterwards(workflow: Workflow, catcher: State) -> tuple[str, str]:
    """The tasks that follow, and how the execution ends; what leaves a flaw needs a person in the end."""
    tasks, ends = workflow.way_out(catcher["Next"])
    flawed = {"flaw", "flaws"} & set(catcher.get("Assign", {}))
    return ", ".join(tasks), "NeedsRepair" if flawed else " or ".join(ends)


def _notes(workflow: Workflow) -> Iterator[tuple[str, ...]]:
    for name, state in workflow.states.items():
        yield name, _calls(state) if state["Type"] == "Task" else "", state.get("Comment", "")


def _calls(state: State) -> str:
    """``inventory.stock: reserve``."""
    arguments = state["Arguments"]
    service, _, function = arguments["FunctionName"].strip("${}").partition("_")
    return f"{service}.{function}: {arguments['Payload']['command']}"


def _condition(expression: str) -> str:
    text = expression.removeprefix("{%").removesuffix("%}").strip()
    text = _OUTCOME.sub(r"\1", text).replace("$states.input.", "")
    return re.sub(r"\$\{(\w+)\}", r"\1", text).replace('"', "'")


def _errors(handler: State) -> str:
    names = [_CLASSES.get(name, name) for name in handler["ErrorEquals"]]
    return _SERVICE if any(name.startswith("Lambda.") for name in names) else ", ".join(names)


def _reason(rule: State) -> str:
    reason = rule.get("Assign", {}).get("rejection", {}).get("reason", "")
    return f"`{reason}`" if reason else ""


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
