"""Resource policies of functions: who is let in, and how ARNs are compared."""

from typing import Any

import pytest

from scripts.local.functions import resource_policies


def statement(**more: Any) -> dict[str, Any]:
    base = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Resource": "arn:f:live",
        "Action": "lambda:InvokeFunction",
        "Condition": {"ArnLike": {"AWS:SourceArn": "arn:api/*/POST/orders"}},
    }
    return {"Statement": [base | more]}


@pytest.mark.parametrize(
    ("policy", "source", "allowed"),
    [
        (statement(), "arn:api/v1/POST/orders", True),
        (statement(), "arn:api/v1/GET/orders", False),
        (statement(Resource="arn:f"), "arn:api/v1/POST/orders", False),
        (statement(Principal={"Service": "events.amazonaws.com"}), "arn:api/v1/POST/orders", False),
        (statement(Effect="Deny"), "arn:api/v1/POST/orders", False),
        (statement(Condition={}), "anything", True),
        (statement(Condition={"StringEquals": {"AWS:SourceAccount": "111111111111"}}), "anything", False),
        ({}, "anything", False),
    ],
)
def test_a_service_may_invoke_what_the_policy_says(policy: dict[str, Any], source: str, allowed: bool) -> None:
    assert resource_policies.allows(policy, "arn:f:live", "apigateway.amazonaws.com", source) is allowed


@pytest.mark.parametrize(
    ("pattern", "arn", "like"),
    [
        ("arn:aws:sns:r:1:orders", "arn:aws:sns:r:1:orders", True),
        ("arn:aws:sns:r:1:orders", "arn:aws:sns:r:1:orders2", False),
        ("arn:aws:execute-api:r:1:api/*/*/*", "arn:aws:execute-api:r:1:api/v1/GET/orders/*", True),
        ("arn:aws:*:1:orders", "arn:aws:sns:r:1:orders", False),
        ("arn:aws:s3:::b?cket", "arn:aws:s3:::bucket", True),
        ("arn:aws:s3:::[b]ucket", "arn:aws:s3:::bucket", False),
    ],
)
def test_arn_like_compares_part_by_part(pattern: str, arn: str, like: bool) -> None:
    assert resource_policies.arn_like(pattern, arn) is like
