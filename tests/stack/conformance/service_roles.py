"""Roles that an AWS service assumes, with exactly the rights that a test gives them."""

import json
from typing import Any

import boto3

from scripts.local.settings import ACCOUNT_ID, REGION
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


def user_client(cloud: Cloud, service: str, actions: list[str], resource: str = "*") -> Any:
    """A client of a user with exactly these rights."""
    name, iam = unique("user"), cloud.aws("iam")
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    rights = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=json.dumps(rights))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=cloud.endpoint,
        region_name=REGION,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
