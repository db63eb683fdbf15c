"""What Terraform deployed: a second plan is empty, everything goes through the alias, every alarm has its runbook."""

import re
from typing import Any

import pytest

from scripts.terraform import Terraform
from tests.stack import triggers
from tests.stack.conftest import ROOT, Stack

TAGGED = {
    *("aws_dynamodb_table", "aws_kms_key", "aws_lambda_function", "aws_secretsmanager_secret", "aws_sqs_queue"),
    *("aws_security_group", "aws_subnet", "aws_vpc", "aws_vpc_endpoint"),
}


@pytest.fixture(scope="module")
def plan(stack: Stack) -> dict[str, Any]:
    """A plan of the stack as it is deployed: what `terraform show -json` says of it."""
    terraform = Terraform(stack.environment)
    terraform.plan()
    return terraform.show_plan()


@pytest.fixture(scope="module")
def resources(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Every resource that the plan wants."""
    return list(triggers.resources(plan["planned_values"]["root_module"]))


def test_second_plan_is_empty(plan: dict[str, Any]) -> None:
    changes = {one["address"]: one["change"]["actions"] for one in plan["resource_changes"]}
    assert {address: actions for address, actions in changes.items() if actions != ["no-op"]} == {}


def test_up_again_changes_nothing(stack: Stack) -> None:
    assert "nothing changed" in stack.command("up").stdout


def test_every_trigger_goes_through_the_alias(plan: dict[str, Any]) -> None:
    stack = plan["planned_values"]["root_module"]
    assert [str(target) for target in triggers.unqualified(stack)] == []
    seen = {target.kind for target in triggers.targets(stack)}
    assert {"aws_lambda_event_source_mapping", "aws_api_gateway_integration", "aws_lambda_permission"} <= seen


def test_the_alias_serves_the_newest_version(stack: Stack, aws: Any) -> None:
    for name, function in stack.outputs["functions"].items():
        alias = aws("lambda").get_alias(FunctionName=function["name"], Name=triggers.ALIAS)
        assert alias["FunctionVersion"] == function["version"], f"{name} serves an old version"


def test_every_alarm_links_a_runbook_that_exists(stack: Stack, resources: list[dict[str, Any]]) -> None:
    parts_of_others = {name for name, alarm in stack.outputs["alarms"].items() if alarm["urgency"] == "none"}
    alarms = [resource for resource in resources if resource["type"] == "aws_cloudwatch_metric_alarm"]
    assert alarms
    for alarm in alarms:
        link = re.search(r"docs/runbooks/[\w-]+\.md", alarm["values"]["alarm_description"] or "")
        assert link, f"{alarm['address']} names no runbook"
        assert (ROOT / link[0]).is_file(), f"{alarm['address']} names {link[0]}, which is not there"
        told = alarm["values"]["alarm_actions"] or alarm["values"]["alarm_name"] in parts_of_others
        assert told, f"{alarm['address']} tells nobody"


def test_functions_cannot_make_log_groups(resources: list[dict[str, Any]]) -> None:
    policies = [resource for resource in resources if resource["type"] == "aws_iam_role_policy"]
    assert policies
    for policy in policies:
        assert "logs:CreateLogGroup" not in policy["values"]["policy"], policy["address"]


def test_every_resource_says_whose_it_is(resources: list[dict[str, Any]]) -> None:
    for resource in resources:
        if resource["type"] in TAGGED:
            tags = resource["values"]["tags_all"] or {}
            assert tags.get("Project") == "tradepost", resource["address"]
            assert tags.get("Environment") == "local", resource["address"]
