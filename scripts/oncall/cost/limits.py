"""The limits that traffic meets as it grows: the stack's own, the account's, and AWS's for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scripts.oncall.cost.model import Limit, quota
from shared.log_level import CHECK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.deployed import Deployed
    from scripts.oncall.cost.usage import Usage


ASK = "ask AWS for a higher quota"


def of(stack: Deployed, usage: Usage, largest_key_percent: float) -> Iterator[Limit]:
    """Yield every limit with what one order takes of it.

    Args:
        stack: whose own throttles and whose account's concurrency are asked for.
        usage: what was measured.
        largest_key_percent: share of the orders that the most frequent key of an index (one partner) has.
    """
    orders = usage.orders
    yield from _concurrency(stack, usage)
    yield from _gateway(stack, usage.requests / orders, largest_key_percent)
    yield from _tables(usage, largest_key_percent)
    for what, quota_name, count in (
        ("EventBridge, events put", "events_put_per_second", usage.events),
        ("EventBridge, deliveries", "events_invocations_per_second", usage.deliveries),
        ("Step Functions, starts", "workflow_starts_per_second", usage.executions),
        ("Step Functions, transitions", "workflow_transitions_per_second", usage.transitions),
    ):
        yield Limit(what, "per second", quota(quota_name), count / orders, ASK)


def _concurrency(stack: Deployed, usage: Usage) -> Iterator[Limit]:
    account = stack.environment.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    busy = sum(one.runs * one.mean_seconds for one in usage.functions) / usage.orders
    runs = sum(one.runs for one in usage.functions) / usage.orders
    yield Limit("Lambda, concurrency of the account", "environments", float(account), busy, ASK)
    invocations = account * quota("lambda_requests_per_environment")
    yield Limit("Lambda, invocations of the account", "per second", invocations, runs, f"{ASK} of concurrency")
    what = "Parameter Store, environments that ask for their log level"
    yield Limit(what, "per second", quota("parameter_reads_per_second"), busy / CHECK_SECONDS, f"{ASK} (throughput)")
    for one in usage.functions:
        if one.reserved:
            what = f"Lambda, reserved concurrency of {one.key}"
            yield Limit(
                what, "environments", float(one.reserved), one.runs * one.mean_seconds / usage.orders,
                f"raise concurrency.{one.key}.reserved in terraform/env",
            )  # fmt: skip


def _gateway(stack: Deployed, requests: float, largest_percent: float) -> Iterator[Limit]:
    client = stack.environment.client("apigateway")
    account = client.get_account()["throttleSettings"]["rateLimit"]
    yield Limit("API Gateway, the account", "requests per second", float(account), requests, ASK)
    api, stage = stack.outputs["rest_api_id"], stack.outputs["rest_api_stage"]
    settings = client.get_stage(restApiId=api, stageName=stage).get("methodSettings", {}).get("*/*", {})
    if rate := settings.get("throttlingRateLimit"):
        yield Limit(
            "API Gateway, our own throttle",
            "requests per second",
            float(rate),
            requests,
            "raise api_throttle in terraform/env",
        )
    for plan in client.get_usage_plans()["items"]:
        if any(one["apiId"] == api for one in plan.get("apiStages", [])):
            yield from _partner(plan, requests * largest_percent / 100)


def _partner(plan: dict[str, Any], requests: float) -> Iterator[Limit]:
    remedy = "raise partner_limits in terraform/env"
    if rate := (plan.get("throttle") or {}).get("rateLimit"):
        yield Limit("API Gateway, the largest partner's throttle", "requests per second", float(rate), requests, remedy)
    quota_of_plan = plan.get("quota") or {}
    if quota_of_plan.get("period") == "DAY":
        rate = float(quota_of_plan["limit"]) / 86400
        yield Limit("API Gateway, the largest partner's day", "requests per second", rate, requests, remedy)


def _tables(usage: Usage, largest_key_percent: float) -> Iterator[Limit]:
    for one in usage.stores:
        name = f"DynamoDB, {one.table}{'/' + one.index if one.index else ''}"
        reads, writes = one.reads / usage.orders, one.writes / usage.orders
        yield Limit(f"{name}, writes", "units per second", quota("dynamodb_table_write_units"), writes, ASK)
        yield Limit(f"{name}, reads", "units per second", quota("dynamodb_table_read_units"), reads, ASK)
        if one.key:
            yield Limit(
                f"{name}, writes of one {one.key}",
                "units per second",
                quota("dynamodb_key_write_units"),
                writes * largest_key_percent / 100,
                "spread the key: <key>#<0..n>, read from all n; an index that is behind also holds up its table",
            )
