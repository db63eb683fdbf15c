"""Pages made from workflow definitions."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts import workflow_docs
from scripts.console import Failure
from scripts.workflow_docs import Workflow

RETRY = [
    {
        "ErrorEquals": ["States.TaskFailed"],
        "IntervalSeconds": 1,
        "BackoffRate": 2,
        "MaxDelaySeconds": 9,
        "MaxAttempts": 4,
    }
]


def task(command: str, after: str, catch: dict[str, Any]) -> dict[str, Any]:
    arguments = {"FunctionName": "${shop_till}", "Payload": {"command": command}}
    return {
        "Type": "Task",
        "Arguments": arguments,
        "Retry": RETRY,
        "Catch": [{"ErrorEquals": ["States.ALL"], **catch}],
        "Next": after,
    }


@pytest.fixture
def workflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workflow:
    states = {
        "Pay": task("pay", "IsPaid", {"Next": "GiveBack"}),
        "IsPaid": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.outcome = 'paid' %}", "Next": "Done"}],
            "Assign": {"rejection": {"reason": "not_paid"}},
            "Default": "GiveBack",
        },
        "GiveBack": task("give_back", "Undone", {"Assign": {"flaws": "x"}, "Next": "Broken"}),
        "Done": {"Type": "Succeed"},
        "Undone": {"Type": "Succeed"},
        "Broken": {"Type": "Fail"},
    }
    path = tmp_path / "services" / "shop" / "workflows" / "sale.asl.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"Comment": "Sells.", "StartAt": "Pay", "States": states}))
    monkeypatch.setattr(workflow_docs, "ROOT", tmp_path)
    return Workflow(path)


def test_the_page_tells_what_answers_and_failures_lead_to(workflow: Workflow) -> None:
    page = workflow_docs.render(workflow)
    assert "| IsPaid | paid | Done |  |" in page
    assert "| IsPaid | else | GiveBack | `not_paid` |" in page
    assert "| Pay | any other | 4 times: 1 s, times 2, at most 9 s | GiveBack | Undone |" in page
    assert "| GiveBack | any other | 4 times: 1 s, times 2, at most 9 s |  | NeedsRepair |" in page
    assert 'Pay["Pay<br/>shop.till: pay"]' in page


def test_a_page_that_is_missing_or_stale_is_told(workflow: Workflow) -> None:
    with pytest.raises(Failure, match=r"sale\.md"):
        workflow_docs.check()
    workflow_docs.write()
    workflow_docs.check()
    workflow.page.write_text(workflow.page.read_text() + "by hand\n")
    with pytest.raises(Failure, match=r"sale\.md"):
        workflow_docs.check()
