"""AWS's managed policies for CodeDeploy's service role, which the engine lacks; hooks are CodeDeployHook_*."""

from __future__ import annotations

import json
from typing import Any

from scripts.local import engine

_READ = ["s3:GetObject", "s3:GetObjectVersion"]
_DEPLOY = [
    "cloudwatch:DescribeAlarms",
    "lambda:UpdateAlias",
    "lambda:GetAlias",
    "lambda:GetProvisionedConcurrencyConfig",
]


def install() -> None:
    iam = engine.service("iam")
    for name, actions in (
        ("AWSCodeDeployRoleForLambda", [*_DEPLOY, "sns:Publish"]),
        ("AWSCodeDeployRoleForLambdaLimited", _DEPLOY),
    ):
        path = f"service-role/{name}"
        record = iam._make_aws_managed_record(path, json.dumps(_document(actions)), description=name)
        iam._aws_managed_policies[f"arn:aws:iam::aws:policy/{path}"] = record


def _document(actions: list[str]) -> dict[str, Any]:
    tagged = {"StringEquals": {"s3:ExistingObjectTag/UseWithCodeDeploy": "true"}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": "*"},
            {"Effect": "Allow", "Action": _READ, "Resource": "arn:aws:s3:::*/CodeDeploy/*"},
            {"Effect": "Allow", "Action": _READ, "Resource": "*", "Condition": tagged},
            {
                "Effect": "Allow",
                "Action": ["lambda:InvokeFunction"],
                "Resource": "arn:aws:lambda:*:*:function:CodeDeployHook_*",
            },
        ],
    }
