"""What EventBridge and Scheduler may do to a target: by the resource's policy, or by the role that they are given."""

from __future__ import annotations

import json
from typing import Any

from scripts.local import engine, roles
from scripts.local.functions import resource_policies
from scripts.local.settings import ACCOUNT_ID, REGION

EVENTS = "events.amazonaws.com"
SCHEDULER = "scheduler.amazonaws.com"
_POLICIES = {
    "sns": ("sns", "topic_policy_for_arn"),
    "sqs": ("sqs", "queue_policy_for_arn"),
}


def resource_allows(principal: str, action: str, arn: str, source_arn: str) -> bool:
    """Whether the policy of a function, queue or topic lets a service act for a source."""
    service = arn.split(":")[2]
    if service == "lambda":
        return resource_policies.may_invoke(arn, principal, source_arn)
    if service not in _POLICIES:
        return False
    module, lookup = _POLICIES[service]
    found = getattr(engine.service(module), lookup)(arn)
    evaluator = engine.core("iam_evaluator")
    context = _context(principal, action, arn, source_arn)
    return bool(found and evaluator.evaluate_resource_policy(found[0], context, service=principal).decision == "Allow")


def assumable(role_arn: str, principal: str, source_arn: str) -> bool:
    """Whether a role exists and trusts a service."""
    role = engine.service("iam")._roles.get(role_arn.rsplit("/", 1)[-1])
    if role is None:
        return False
    evaluator, context = engine.core("iam_evaluator"), _context(principal, "sts:AssumeRole", "*", source_arn)
    statements = json.loads(role.get("AssumeRolePolicyDocument") or "{}").get("Statement", [])
    return any(
        statement.get("Effect") == "Allow"
        and "sts:AssumeRole" in _many(statement.get("Action"))
        and evaluator._service_principal_matches(statement.get("Principal"), principal)
        and evaluator._conditions_met(statement.get("Condition", {}), context)
        for statement in _many(statements)
    )


def role_allows(role_arn: str, action: str, arn: str) -> bool:
    return roles.allows(role_arn, action, arn)


def _context(principal: str, action: str, arn: str, source_arn: str) -> Any:
    return engine.core("iam_evaluator").EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=arn,
        region=REGION,
        service_context={
            "aws:principalservicename": principal,
            "aws:sourceaccount": ACCOUNT_ID,
            "aws:sourcearn": source_arn,
        },
    )


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
