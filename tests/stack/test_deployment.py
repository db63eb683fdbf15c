"""What Terraform deployed: a second plan is empty, everything goes through the alias, every alarm has its runbook."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from scripts.terraform import Terraform
from tests.stack.conftest import ROOT, Stack

ALIAS = "live"
# Where a resource names the function it sets in motion: an ARN, or a name with the alias in a field of its own.
ARN_FIELDS = {
    "aws_lambda_event_source_mapping": "function_name",
    "aws_api_gateway_integration": "uri",
    "aws_api_gateway_authorizer": "authorizer_uri",
    "aws_cloudwatch_event_target": "arn",
    "aws_scheduler_schedule": "target",
    "aws_sfn_state_machine": "definition",
    "aws_sns_topic_subscription": "endpoint",
    "aws_s3_bucket_notification": "lambda_function",
    "aws_secretsmanager_secret_rotation": "rotation_lambda_arn",
}
TAGGED = {
    *("aws_dynamodb_table", "aws_kms_key", "aws_lambda_function", "aws_secretsmanager_secret", "aws_sqs_queue"),
    *("aws_security_group", "aws_subnet", "aws_vpc", "aws_vpc_endpoint"),
}
QUALIFIED = {"aws_lambda_permission", "aws_lambda_function_event_invoke_config"}
FUNCTION_ARN = re.compile(r"arn:aws:lambda:[^:]+:\d+:function:[A-Za-z0-9_-]+(?::(?P<qualifier>[A-Za-z0-9_-]+))?")


@pytest.fixture(scope="module")
def resources(stack: Stack) -> list[dict[str, Any]]:
    """Every resource in the stack's state."""
    return list(_resources(Terraform(stack.environment).show()["values"]["root_module"]))


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (resource for resource in module.get("resources", []) if resource["mode"] == "managed")
    for child in module.get("child_modules", []):
        yield from _resources(child)


def test_second_plan_is_empty(stack: Stack) -> None:
    assert Terraform(stack.environment).plan().changes == {}


def test_up_again_changes_nothing(stack: Stack) -> None:
    assert "nothing changed" in stack.command("up").stdout


def test_every_trigger_goes_through_the_alias(resources: list[dict[str, Any]]) -> None:
    seen = set()
    for resource in resources:
        kind, values = resource["type"], resource["values"]
        if kind in QUALIFIED:
            assert values["qualifier"] == ALIAS, f"{resource['address']} is for the bare function"
            seen.add(kind)
        elif kind in ARN_FIELDS:
            for found in FUNCTION_ARN.finditer(str(values[ARN_FIELDS[kind]])):
                assert found["qualifier"] == ALIAS, f"{resource['address']} targets {found[0]}"
                seen.add(kind)
    assert {"aws_lambda_event_source_mapping", "aws_api_gateway_integration", "aws_lambda_permission"} <= seen


def test_the_alias_serves_the_newest_version(stack: Stack, aws: Any) -> None:
    for name, function in stack.outputs["functions"].items():
        alias = aws("lambda").get_alias(FunctionName=function["name"], Name=ALIAS)
        assert alias["FunctionVersion"] == function["version"], f"{name} serves an old version"


def test_every_alarm_links_a_runbook_that_exists(resources: list[dict[str, Any]]) -> None:
    alarms = [resource for resource in resources if resource["type"] == "aws_cloudwatch_metric_alarm"]
    assert alarms
    for alarm in alarms:
        link = re.search(r"docs/runbooks/[\w-]+\.md", alarm["values"]["alarm_description"] or "")
        assert link, f"{alarm['address']} names no runbook"
        assert (ROOT / link[0]).is_file(), f"{alarm['address']} names {link[0]}, which is not there"
        assert alarm["values"]["alarm_actions"], f"{alarm['address']} tells nobody"


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
