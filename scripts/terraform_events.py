"""Reads what Terraform prints with -json: one object per line, some of which matter to a person."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

type Event = dict[str, Any]

VERBS = {"create": "create", "update": "change", "delete": "destroy", "replace": "replace", "read": "read"}


@dataclass(slots=True)
class Progress:
    """What a run of Terraform has done so far."""

    planned: dict[str, str] = field(default_factory=dict)  # resource address -> action
    running: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    refreshed: int = 0
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    output_changes: bool = False

    def take(self, line: str) -> str:
        """Take one line of output in; return a short note on how far the run is, or ""."""
        try:
            event: Event = json.loads(line)
        except ValueError:  # a crash, or a message from before -json took effect
            if line.strip():
                self.errors.append(line.rstrip())
            return ""
        match event.get("type"):
            case "diagnostic":
                (self.errors if event["@level"] == "error" else self.warnings).append(describe(event["diagnostic"]))
            case "planned_change":
                change = event["change"]
                self.planned[change["resource"]["addr"]] = change["action"]
            case "outputs":
                changed = [one for one in event["outputs"].values() if one.get("action", "noop") != "noop"]
                self.output_changes = bool(changed)
            case "refresh_complete":
                self.refreshed += 1
                return f"{self.refreshed} resources read"
            case "apply_start" | "apply_progress" | "apply_complete" | "apply_errored":
                return self._applied(event)
        return ""

    def _applied(self, event: Event) -> str:
        address = event["hook"]["resource"]["addr"]
        if event["type"] == "apply_start" and event["hook"].get("action") != "read":
            self.running.append(address)
        elif event["type"] in ("apply_complete", "apply_errored") and address in self.running:
            self.running.remove(address)
            if event["type"] == "apply_complete":
                self.finished.append(address)
        waiting = f", waiting for {short(self.running[0])}" if self.running else ""
        more = f" and {len(self.running) - 1} more" if len(self.running) > 1 else ""
        return f"{len(self.finished)} of {self.steps} done{waiting}{more}"

    @property
    def changes(self) -> dict[str, str]:
        """The planned changes of real resources; data sources that are only read do not count."""
        return {address: action for address, action in self.planned.items() if action not in ("noop", "read")}

    @property
    def steps(self) -> int:
        """How many operations the changes take: a replacement takes two."""
        return sum(2 if action == "replace" else 1 for action in self.changes.values())

    def summary(self) -> str:
        """Return the changes in one line: "12 to create, 1 to destroy"."""
        actions = list(self.changes.values())
        counts = [f"{actions.count(action)} to {verb}" for action, verb in VERBS.items() if action in actions]
        return ", ".join(counts) or ("outputs change" if self.output_changes else "no changes")


def short(address: str) -> str:
    """Return a resource's address without the names of the modules around it, as far as it stays clear."""
    parts = address.split(".")
    return ".".join(parts[-4:]) if len(parts) > 4 else address


def describe(diagnostic: dict[str, Any]) -> str:
    """Return an error or warning in full: what, why, and where."""
    text = str(diagnostic["summary"])
    if diagnostic.get("detail"):
        text += "\n" + str(diagnostic["detail"])
    place = diagnostic.get("range")
    if place:
        text += f"\nat {place['filename']}:{place['start']['line']}"
    if diagnostic.get("address"):
        text += f"\nwith {diagnostic['address']}"
    return text
