"""Roles that a service takes on for a customer: whether it may, and its temporary credentials."""

from __future__ import annotations

import hashlib
import json

from botocore.credentials import Credentials

from scripts.local import engine
from scripts.local.settings import ACCOUNT_ID


def trusts(role_arn: str, service: str) -> bool:
    """Whether a role exists and its trust policy lets a service such as apigateway.amazonaws.com assume it."""
    role = engine.service("iam")._roles.get(role_arn.rsplit("/", 1)[-1])
    if role is None:
        return False
    document = role["AssumeRolePolicyDocument"]
    policy = json.loads(document) if isinstance(document, str) else document
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    return any(
        statement["Effect"] == "Allow"
        and "sts:AssumeRole" in _list(statement["Action"])
        and isinstance(statement["Principal"], dict)
        and service in _list(statement["Principal"].get("Service", []))
        for statement in statements
    )


def credentials(role_arn: str, session_name: str) -> Credentials:
    """The credentials of a session of a role; the same ones each time."""
    digest = hashlib.sha256(f"{session_name}:{role_arn}".encode()).hexdigest()
    name = role_arn.rsplit("/", 1)[-1]
    made = Credentials(f"ASIA{digest[:16].upper()}", digest, hashlib.sha256(digest.encode()).hexdigest())
    engine.service("sts").register_session(
        made.access_key,
        {
            "Arn": f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{name}/{session_name}",
            "UserId": f"{name}:{session_name}",
            "SecretAccessKey": made.secret_key,
            "SessionToken": made.token,
        },
    )
    return made


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
