"""The check that every trigger goes through the alias: it has to fail on each way past it."""

import json
from typing import Any

import pytest

from tests.stack.triggers import targets, unqualified

BARE = "arn:aws:lambda:eu-west-1:123456789012:function:tradepost-dev-orders-api"
NAME = "tradepost-dev-orders-api"
URI = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/%s/invocations"


def invoke(function: str, key: str = "FunctionName") -> str:
    """A state machine that calls a function by the optimised integration, inside a branch of a parallel state."""
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {key: function}, "End": True}
    branch = {"StartAt": "Call", "States": {"Call": task}}
    return json.dumps({"StartAt": "All", "States": {"All": {"Type": "Parallel", "Branches": [branch], "End": True}}})


# What a resource's values are when it targets `%s`, an ARN; one way of each service that can set a function in motion.
BY_ARN: list[tuple[str, dict[str, Any]]] = [
    ("aws_lambda_event_source_mapping", {"function_name": "%s"}),
    ("aws_api_gateway_integration", {"uri": URI}),
    ("aws_api_gateway_authorizer", {"authorizer_uri": URI}),
    ("aws_apigatewayv2_integration", {"integration_uri": "%s"}),
    ("aws_apigatewayv2_authorizer", {"authorizer_uri": URI}),
    ("aws_cloudwatch_event_target", {"arn": "%s", "dead_letter_config": []}),
    ("aws_scheduler_schedule", {"target": [{"arn": "%s", "role_arn": "arn:aws:iam::123456789012:role/r"}]}),
    ("aws_sfn_state_machine", {"definition": invoke("%s")}),
    ("aws_sfn_state_machine", {"definition": json.dumps({"States": {"One": {"Type": "Task", "Resource": "%s"}}})}),
    ("aws_sns_topic_subscription", {"protocol": "lambda", "endpoint": "%s"}),
    ("aws_s3_bucket_notification", {"lambda_function": [{"lambda_function_arn": "%s", "events": []}]}),
    ("aws_secretsmanager_secret_rotation", {"rotation_lambda_arn": "%s"}),
    ("aws_cognito_user_pool", {"lambda_config": [{"post_confirmation": "%s"}]}),
    ("aws_cloudwatch_log_subscription_filter", {"destination_arn": "%s"}),
    ("aws_kinesis_firehose_delivery_stream", {"processors": [{"parameter_value": "%s"}]}),
    ("aws_lb_target_group_attachment", {"target_id": "%s"}),
    ("aws_pipes_pipe", {"enrichment": "%s"}),
    ("aws_some_service_of_next_year", {"deep": [{"er": {"handler": "%s"}}]}),
]
# By name, with the qualifier in a field beside it.
BY_NAME = ["aws_lambda_permission", "aws_lambda_function_event_invoke_config", "aws_lambda_function_url"]


def module(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """The stack, as `terraform show -json` prints it, with one resource two modules down."""
    resource = {"address": f"module.a.module.b.{kind}.it", "mode": "managed", "type": kind, "values": values}
    return {"resources": [], "child_modules": [{"child_modules": [{"resources": [resource]}]}]}


def filled(values: dict[str, Any], target: str) -> dict[str, Any]:
    text: dict[str, Any] = json.loads(json.dumps(values).replace("%s", target))
    return text


@pytest.mark.parametrize(("kind", "values"), BY_ARN)
@pytest.mark.parametrize("target", [BARE, f"{BARE}:$LATEST", f"{BARE}:7"])
def test_a_target_past_the_alias_is_found(kind: str, values: dict[str, Any], target: str) -> None:
    [found] = unqualified(module(kind, filled(values, target)))
    assert (found.kind, found.function) == (kind, NAME)
    assert f"module.b.{kind}.it targets {NAME}" in str(found)


@pytest.mark.parametrize(("kind", "values"), BY_ARN)
def test_a_target_by_the_alias_passes(kind: str, values: dict[str, Any]) -> None:
    stack = module(kind, filled(values, f"{BARE}:live"))
    assert [one.qualifier for one in targets(stack)] == ["live"]
    assert unqualified(stack) == []


@pytest.mark.parametrize("kind", BY_NAME)
@pytest.mark.parametrize(("qualifier", "passes"), [("live", True), (None, False), ("", False), ("3", False)])
def test_a_qualifier_may_stand_beside_the_name(kind: str, qualifier: str | None, *, passes: bool) -> None:
    found = unqualified(module(kind, {"function_name": NAME, "qualifier": qualifier, "statement_id": "x"}))
    assert (found == []) is passes


@pytest.mark.parametrize(
    ("function", "key", "passes"),
    [
        (f"{NAME}:live", "FunctionName", True),
        (NAME, "FunctionName", False),
        ("$.function", "FunctionName.$", False),
        ("{% $function %}", "FunctionName", False),
    ],
)
def test_a_state_may_name_the_function_instead(function: str, key: str, *, passes: bool) -> None:
    found = unqualified(module("aws_sfn_state_machine", {"definition": invoke(function, key)}))
    assert (found == []) is passes


def test_one_bare_target_among_good_ones_is_found() -> None:
    rules = [{"lambda_function_arn": f"{BARE}:live"}, {"lambda_function_arn": BARE}]
    assert len(unqualified(module("aws_s3_bucket_notification", {"lambda_function": rules}))) == 1


def test_what_only_speaks_of_a_function_passes() -> None:
    assert unqualified(module("aws_iam_role_policy", {"policy": json.dumps({"Resource": BARE})})) == []
    assert unqualified(module("aws_cloudwatch_metric_alarm", {"dimensions": {"FunctionName": NAME}})) == []
    assert unqualified(module("aws_lambda_alias", {"function_name": NAME})) == []
