"""Roles that an AWS service assumes, with exactly the rights that a test gives them."""

import json

from scripts.local.settings import ACCOUNT_ID
from tests.stack.conformance.cloud import Cloud, unique


def service_role(cloud: Cloud, service: str, actions: list[str], resource: str = "*") -> tuple[str, str]:
    """(name, ARN) of a role that a service such as "codedeploy" may assume."""
    name = unique("service-role")
    principal = {"Service": f"{service}.amazonaws.com"}
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}],
    }
    cloud.aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    grant(cloud, name, actions, resource)
    return name, f"arn:aws:iam::{ACCOUNT_ID}:role/{name}"


def grant(cloud: Cloud, role: str, actions: list[str], resource: str = "*") -> None:
    """Give a role exactly these rights."""
    statement = {"Effect": "Allow" if actions else "Deny", "Action": actions or ["*"], "Resource": resource}
    rights = {"Version": "2012-10-17", "Statement": [statement]}
    cloud.aws("iam").put_role_policy(RoleName=role, PolicyName="rights", PolicyDocument=json.dumps(rights))
