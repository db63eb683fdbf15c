"""What a person is told of Terraform's -json output."""

import json
from typing import Any

from scripts.terraform_events import Progress


def planned(address: str, action: str) -> str:
    return json.dumps({"type": "planned_change", "change": {"resource": {"addr": address}, "action": action}})


def hook(kind: str, address: str, action: str = "create") -> str:
    return json.dumps({"type": kind, "hook": {"resource": {"addr": address}, "action": action}})


def test_changes_are_counted_and_reads_are_not() -> None:
    progress = Progress()
    for address, action in {"a": "create", "b": "create", "c": "replace", "d": "read", "e": "noop"}.items():
        progress.take(planned(address, action))
    assert progress.summary() == "2 to create, 1 to replace"
    assert progress.steps == 4
    assert set(progress.changes) == {"a", "b", "c"}


def test_nothing_to_do_and_changed_outputs_differ() -> None:
    progress = Progress()
    assert progress.summary() == "no changes"
    progress.take(json.dumps({"type": "outputs", "outputs": {"url": {"action": "noop"}}}))
    assert not progress.output_changes
    progress.take(json.dumps({"type": "outputs", "outputs": {"url": {"action": "update"}}}))
    assert progress.summary() == "outputs change"


def test_an_apply_tells_what_it_waits_for() -> None:
    progress = Progress(planned={"a": "create", "b": "create", "c": "create"})
    progress.take(hook("apply_start", "a"))
    assert progress.take(hook("apply_start", "b")) == "0 of 3 done, waiting for a and 1 more"
    assert progress.take(hook("apply_complete", "a")) == "1 of 3 done, waiting for b"
    assert progress.take(hook("apply_errored", "b")) == "1 of 3 done"
    assert progress.take(hook("apply_start", "data.x", "read")) == "1 of 3 done"
    assert progress.finished == ["a"]


def test_errors_are_kept_in_full_with_their_place() -> None:
    diagnostic: dict[str, Any] = {
        "summary": "Invalid name",
        "detail": "Use letters.",
        "range": {"filename": "main.tf", "start": {"line": 7}},
        "address": "aws_sqs_queue.this",
    }
    progress = Progress()
    progress.take(json.dumps({"type": "diagnostic", "@level": "error", "diagnostic": diagnostic}))
    progress.take(json.dumps({"type": "diagnostic", "@level": "warning", "diagnostic": {"summary": "Old"}}))
    assert progress.errors == ["Invalid name\nUse letters.\nat main.tf:7\nwith aws_sqs_queue.this"]
    assert progress.warnings == ["Old"]


def test_what_is_no_json_is_an_error() -> None:
    progress = Progress()
    progress.take("panic: the provider crashed\n")
    progress.take("\n")
    assert progress.errors == ["panic: the provider crashed"]
