"""Sampling rules over the API: GetSamplingRules, and what Terraform's aws_xray_sampling_rule calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from scripts.local.settings import ACCOUNT_ID, REGION
from scripts.local.xray.errors import ApiError
from scripts.local.xray.sampling import Sampling, default_rule

Body = dict[str, Any]


def operations(sampling: Sampling) -> dict[str, Callable[[Body], Body]]:
    """Operations by path."""

    def listed(_: Body) -> Body:
        return {"SamplingRuleRecords": list(sampling.records.values())}

    def create(body: Body) -> Body:
        rule = body.get("SamplingRule") or {}
        name = rule.get("RuleName")
        if not name or name in sampling.records:
            raise ApiError("InvalidRequestException", f"a sampling rule named {name!r} exists, or has no name")
        arn = f"arn:aws:xray:{REGION}:{ACCOUNT_ID}:sampling-rule/{name}"
        now = time.time()
        made = {**default_rule(), **rule, "RuleARN": arn}
        sampling.records[name] = {"SamplingRule": made, "CreatedAt": now, "ModifiedAt": now}
        return {"SamplingRuleRecord": sampling.records[name]}

    def update(body: Body) -> Body:
        change = body.get("SamplingRuleUpdate") or {}
        record = _record(sampling, change)
        given = {key: value for key, value in change.items() if value is not None}
        record["SamplingRule"] = {**record["SamplingRule"], **given}
        record["ModifiedAt"] = time.time()
        return {"SamplingRuleRecord": record}

    def delete(body: Body) -> Body:
        record = _record(sampling, body)
        if record["SamplingRule"]["RuleName"] == "Default":
            raise ApiError("InvalidRequestException", "the default rule cannot be deleted")
        return {"SamplingRuleRecord": sampling.records.pop(record["SamplingRule"]["RuleName"])}

    return {
        "/GetSamplingRules": listed,
        "/CreateSamplingRule": create,
        "/UpdateSamplingRule": update,
        "/DeleteSamplingRule": delete,
    }


def _record(sampling: Sampling, wanted: Body) -> Body:
    for record in sampling.records.values():
        rule = record["SamplingRule"]
        if wanted.get("RuleARN") == rule["RuleARN"] or wanted.get("RuleName") == rule["RuleName"]:
            return record
    raise ApiError("InvalidRequestException", "the sampling rule does not exist")
