"""A plan as Markdown for people: what changes, what to look at first, and no value that could be a secret.

Text is never shown, only that it changes: a secret need not be marked as one to be one. Numbers, true and false are
shown, unless Terraform marks them as sensitive.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# GitHub takes 65,536 characters in a comment.
MOST_CHARACTERS = 60_000
MOST_ATTRIBUTES = 8
# Stands for an attribute of which nothing can be said before the apply.
LATER = ""
MARKS = {"create": "+", "update": "~", "delete": "−", "replace": "±"}  # noqa: RUF001 - a minus as wide as a plus
VERBS = {"create": "to create", "update": "to change", "replace": "to replace", "delete": "to destroy"}
# What is lost with it comes back by no apply: data, or an address and a key that partners hold.
HOLDS = {
    "aws_api_gateway_api_key": "a partner's key",
    "aws_api_gateway_rest_api": "the address of the API",
    "aws_cloudwatch_event_archive": "archived events",
    "aws_cloudwatch_log_group": "logs",
    "aws_dynamodb_table": "data",
    "aws_kms_key": "everything encrypted with it",
    "aws_s3_bucket": "objects",
    "aws_secretsmanager_secret": "a secret",
    "aws_sqs_queue": "messages",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One resource that changes.

    `attributes` differ, each as Markdown; `later` counts those whose value is known only after the apply; `because`
    names those that force a replacement.
    """

    address: str
    type: str
    action: str
    attributes: tuple[str, ...]
    later: int
    because: tuple[str, ...]

    @property
    def group(self) -> str:
        """The module of the root that it belongs to, or "stack"."""
        head, _, rest = self.address.partition(".")
        return rest.partition(".")[0].partition("[")[0] if head == "module" else "stack"

    @property
    def loses(self) -> str:
        """What is lost when it is destroyed or replaced, if that matters."""
        return HOLDS.get(self.type, "") if self.action in ("delete", "replace") else ""


def report(plan: dict[str, Any], title: str) -> str:
    """Return the Markdown for a plan as `terraform show -json` gives it; `title` says of what."""
    found = changes(plan)
    lines = [f"## {title}: {summary(found)}", ""]
    if lost := [one for one in found if one.loses]:
        lines += ["**Look at these first: what they hold is lost.**", ""]
        lines += [_lost(one) for one in lost]
        lines.append("")
    for group in sorted({one.group for one in found}):
        members = [one for one in found if one.group == group]
        lines += ["<details>", f"<summary>{group}: {summary(members)}</summary>", ""]
        lines += ["| | resource | what changes |", "|---|---|---|"]
        lines += [_row(one) for one in members]
        lines += ["", "</details>", ""]
    if outputs := sorted(_changed_outputs(plan)):
        lines += [f"Outputs that change: {', '.join(f'`{name}`' for name in outputs)}", ""]
    if found:
        lines.append("Text is left out on purpose; `make plan` on a workstation shows the same list.")
    return _fitting(lines)


def changes(plan: dict[str, Any]) -> list[Change]:
    """Return the resources that change, sorted by address; data sources that are only read do not count."""
    found = []
    for resource in plan.get("resource_changes", []):
        action = _action(resource["change"]["actions"])
        if action in MARKS:
            change = resource["change"]
            because = tuple(".".join(map(str, path)) for path in change.get("replace_paths") or ())
            differ = list(_attributes(change)) if action in ("update", "replace") else []
            attributes = tuple(one for one in differ if one != LATER)
            later = len(differ) - len(attributes)
            found.append(Change(resource["address"], resource["type"], action, attributes, later, because))
    return sorted(found, key=lambda one: one.address)


def summary(found: list[Change]) -> str:
    """Return changes in one line: "2 to create, 1 to destroy"."""
    counts = Counter(one.action for one in found)
    return ", ".join(f"{counts[action]} {verb}" for action, verb in VERBS.items() if counts[action]) or "no changes"


def _action(actions: list[str]) -> str:
    return "replace" if set(actions) == {"create", "delete"} else actions[0]


def _changed_outputs(plan: dict[str, Any]) -> Iterator[str]:
    for name, change in plan.get("output_changes", {}).items():
        if change["actions"] != ["no-op"]:
            yield name


def _attributes(change: dict[str, Any]) -> Iterator[str]:
    masks = (change.get("before_sensitive"), change.get("after_sensitive"))
    yield from _differences("", change["before"], change["after"], change.get("after_unknown"), masks)


def _differences(path: str, before: Any, after: Any, unknown: Any, masks: tuple[Any, Any]) -> Iterator[str]:
    """Yield each attribute that differs, or LATER; `unknown` and `masks` are Terraform's, of the values' shape."""
    keys = _keys(before, after, unknown)
    if True in masks:
        if before != after or unknown:
            yield f"`{path}` (sensitive)"
    elif unknown is True:
        yield LATER
    elif keys is not None:
        for key in keys:
            inner = ".".join(filter(None, (path, "" if keys == [0] else str(key))))
            inside = (_at(masks[0], key), _at(masks[1], key))
            yield from _differences(inner, _at(before, key), _at(after, key), _at(unknown, key), inside)
    elif before != after and (before or after is not None):
        # Unset and empty are one to most of the provider: it reads one back as the other.
        yield f"`{path}`{_values(before, after)}"


def _keys(before: Any, after: Any, unknown: Any) -> list[Any] | None:
    """Return what to compare one by one: the fields of objects, the blocks of as many blocks; None for values."""
    if isinstance(before, dict) and isinstance(after, dict):
        # What is not known yet is missing from `after`.
        return sorted(before.keys() | after.keys() | (unknown or {}).keys())
    blocks = isinstance(before, list) and isinstance(after, list) and len(before) == len(after)
    return list(range(len(before))) if blocks and all(isinstance(one, dict) for one in [*before, *after]) else None


def _at(value: Any, key: Any) -> Any:
    if isinstance(value, dict):
        return value.get(key)
    return value[key] if isinstance(value, list) and len(value) > key else None


def _values(before: Any, after: Any) -> str:
    if all(value is None or isinstance(value, bool | int | float) for value in (before, after)):
        return f" {_literal(before)} → {_literal(after)}"
    return ""


def _literal(value: Any) -> str:
    return "none" if value is None else str(value).lower()


def _lost(one: Change) -> str:
    why = f", because {', '.join(f'`{path}`' for path in one.because)} changes" if one.because else ""
    return f"- `{one.address}`: {VERBS[one.action]}, with {one.loses}{why}"


def _row(one: Change) -> str:
    shown = list(one.attributes[:MOST_ATTRIBUTES])
    if len(one.attributes) > MOST_ATTRIBUTES:
        shown.append(f"{len(one.attributes) - MOST_ATTRIBUTES} more")
    if one.later:
        shown.append(f"{one.later} known after the apply")
    if one.because:
        shown.append(f"replaced because of {', '.join(f'`{path}`' for path in one.because)}")
    # A bar would end the cell.
    address = one.address.replace("|", "\\|")
    return f"| {MARKS[one.action]} | `{address}` | {', '.join(shown)} |"


def _fitting(lines: list[str]) -> str:
    """Return the lines as text, cut where GitHub would refuse it."""
    text = "\n".join(lines) + "\n"
    if len(text) <= MOST_CHARACTERS:
        return text
    kept = text[:MOST_CHARACTERS].rpartition("\n")[0]
    closing = "\n\n</details>\n" if kept.count("<details>") > kept.count("</details>") else "\n"
    return f"{kept}{closing}\nToo long to be shown whole: `make plan` on a workstation lists everything.\n"
