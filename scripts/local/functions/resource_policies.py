"""Who may invoke a function: its resource policy decides for SNS, S3, API Gateway and EventBridge.

AWS documents: a permission is for exactly one resource, the function or one of its aliases or versions; ArnLike
compares the six parts of the ARNs one by one, `*` and `?` match within them.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any

from scripts.local import engine, roles
from scripts.local.functions import aliases
from scripts.local.functions.async_invocations import AsyncInvocations
from scripts.local.functions.invocations import Source
from scripts.local.settings import ACCOUNT_ID, REGION

logger = logging.getLogger("tradepost.resource_policies")


def may_invoke(function_arn: str, principal: str, source_arn: str) -> bool:
    """Whether the function's policy lets a service ("sns.amazonaws.com") invoke this ARN, alias or version included."""
    name, qualifier = aliases.split_reference(function_arn)
    functions = engine.service("lambda_svc")
    function = functions._functions.get(name)
    if function is None:
        return False
    resource = functions._func_arn(name) + (f":{qualifier}" if qualifier else "")
    return allows(function["policy"], resource, principal, source_arn)


def allows(policy: dict[str, Any], resource: str, principal: str, source_arn: str) -> bool:
    """Whether a function's policy lets a service invoke exactly this resource for a source."""
    statements = policy.get("Statement") or []
    return any(_allows(statement, resource, principal, source_arn) for statement in statements)


def arn_like(pattern: str, arn: str) -> bool:
    """IAM's ArnLike."""
    patterns, parts = pattern.split(":", 5), arn.split(":", 5)
    return len(patterns) == len(parts) and all(map(_part_like, patterns, parts))


def _part_like(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.DOTALL) is not None


def _allows(statement: dict[str, Any], resource: str, principal: str, source_arn: str) -> bool:
    trusted = statement["Principal"]
    condition = statement.get("Condition") or {}
    pattern = (condition.get("ArnLike") or {}).get("AWS:SourceArn")
    account = (condition.get("StringEquals") or {}).get("AWS:SourceAccount")
    return (
        statement["Effect"] == "Allow"
        and statement["Resource"] == resource
        and statement["Action"] in ("lambda:InvokeFunction", "lambda:*")
        and (trusted == "*" or trusted.get("Service") == principal)
        and (pattern is None or arn_like(pattern, source_arn))
        and account in (None, ACCOUNT_ID)
    )


def install(asynchronous: AsyncInvocations) -> None:
    """Take over how SNS, S3 and API Gateway's authorizers reach functions; they do not ask, and lose the alias."""
    _install_topics(asynchronous)
    _install_buckets(asynchronous)
    _install_authorizers()


def _install_topics(asynchronous: AsyncInvocations) -> None:
    def deliver(endpoint: str, envelope: str, topic_arn: str, subscription_arn: str, *_message: object) -> None:
        if not may_invoke(endpoint, "sns.amazonaws.com", topic_arn):
            logger.warning("%s may not invoke %s: its policy does not say so", topic_arn, endpoint)
            return
        record = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription_arn,
            "Sns": json.loads(envelope),
        }
        asynchronous.submit(*aliases.split_reference(endpoint), {"Records": [record]}, Source.TOPIC)

    engine.service("sns")._deliver_to_lambda = deliver


def _install_buckets(asynchronous: AsyncInvocations) -> None:
    buckets = engine.service("s3")
    validate = buckets._validate_notification_configs

    def allowed(function_arn: str, bucket: str) -> bool:
        return may_invoke(function_arn, "s3.amazonaws.com", f"arn:aws:s3:::{bucket}")

    def deliver(arn: str, event: dict[str, Any], _region: str) -> None:
        bucket = event["Records"][0]["s3"]["bucket"]["name"]
        if allowed(arn, bucket):
            asynchronous.submit(*aliases.split_reference(arn), event, Source.BUCKET)
        else:
            logger.warning("the bucket %s may not invoke %s: its policy does not say so", bucket, arn)

    def validate_with_functions(
        configs: list[dict[str, Any]], region: str, bucket: str = "", skip_destination_validation: bool = False
    ) -> Any:
        """S3 refuses a notification to a function that does not let the bucket in."""
        error = validate(configs, region, bucket, skip_destination_validation)
        functions = [config["arn"] for config in configs if config["type"] == "lambda"]
        refused = [arn for arn in functions if not allowed(arn, bucket)]
        if error or skip_destination_validation or not refused:
            return error
        return buckets._invalid_notification_config(
            "Unable to validate the following destination configurations: " + ", ".join(refused)
        )

    buckets._deliver_event_to_lambda = deliver
    buckets._validate_notification_configs = validate_with_functions


def _install_authorizers() -> None:
    gateway = engine.service("apigateway_v1")
    invoke = gateway._invoke_authorizer_lambda

    async def invoke_with_permission(
        authorizer: dict[str, Any], event: dict[str, Any], account: str, region: str
    ) -> Any:
        """None, a configuration error of the authorizer, when neither its role nor the policy lets it in."""
        function = gateway._extract_lambda_ref_from_integration_uri(authorizer.get("authorizerUri", ""))
        api = event["methodArn"].split(":", 5)[5].split("/", 1)[0]
        source = f"arn:aws:execute-api:{REGION}:{ACCOUNT_ID}:{api}/authorizers/{authorizer['id']}"
        role = authorizer.get("authorizerCredentials")
        if role:
            allowed = roles.allows(role, "lambda:InvokeFunction", function)
        else:
            allowed = may_invoke(function, "apigateway.amazonaws.com", source)
        return await invoke(authorizer, event, account, region) if allowed else None

    gateway._invoke_authorizer_lambda = invoke_with_permission
