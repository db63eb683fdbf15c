"""The role with which pull requests plan: its actions are enough to plan the whole stack, and change nothing.

What it reaches is judged by the tests of `terraform/bootstrap`, with AWS's names; here its actions are given on
everything, so that the one thing that can fail is an action that is missing.
"""

import json
import subprocess
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from scripts.environment import ROOT
from scripts.terraform import Terraform
from tests.stack.conftest import Stack


@pytest.fixture(scope="module")
def actions(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The actions that bootstrap allows its plan role."""
    bootstrap = Terraform(stack.environment, ROOT / "terraform" / "bootstrap")
    bootstrap.init(f"path={stack.environment.work_dir / 'bootstrap.tfstate'}")
    file = tmp_path_factory.mktemp("bootstrap") / "plan.tfplan"
    repository = ("-var", "github_repository=example/tradepost")
    run(bootstrap, "plan", "-lock=false", f"-out={file}", *repository, *bootstrap._variables())
    planned = json.loads(run(bootstrap, "show", "-json", str(file)))["planned_values"]["root_module"]["resources"]
    [policy] = [one["values"]["policy"] for one in planned if one["address"] == 'aws_iam_role_policy.plan["dev"]']
    statements = [one for one in json.loads(policy)["Statement"] if one["Effect"] == "Allow"]
    return [action for statement in statements for action in statement["Action"]]


@pytest.fixture(scope="module")
def credentials(stack: Stack, actions: list[str]) -> dict[str, str]:
    """Somebody who may do just that."""
    iam, name = stack.environment.client("iam"), f"planner-{uuid4().hex[:8]}"
    rights = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="plan", PolicyDocument=json.dumps(rights))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def run(terraform: Terraform, *arguments: str, credentials: dict[str, str] | None = None) -> str:
    environment = terraform._environment() | (credentials or {})
    done = subprocess.run(terraform._command(*arguments), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_plans_the_whole_stack(stack: Stack, credentials: dict[str, str]) -> None:
    terraform = Terraform(stack.environment)
    terraform.init()
    options = ("-no-color", "-lock=false", "-detailed-exitcode", *terraform._variables())
    assert "No changes" in run(terraform, "plan", *options, credentials=credentials)


def test_it_changes_nothing(stack: Stack, credentials: dict[str, str]) -> None:
    def client(service: str) -> Any:
        keys = {name.lower(): value for name, value in credentials.items()}
        create: Any = boto3.client
        return create(service, region_name="eu-west-1", endpoint_url=stack.environment.settings.endpoint, **keys)

    function = stack.outputs["functions"]["orders.api"]
    table = stack.outputs["tables"]["order_events"]
    state = {"Bucket": stack.environment.bucket("state"), "Key": "local/terraform.tfstate"}
    assert client("s3").head_object(**state)["ContentLength"]
    attempts: dict[str, Callable[[], object]] = {
        "moves an alias": lambda: client("lambda").update_alias(
            FunctionName=function["name"], Name=function["alias"], Description="moved"
        ),
        "reads an order": lambda: client("dynamodb").scan(TableName=table),
        "writes the state": lambda: client("s3").put_object(**state, Body=b"{}"),
        "records a release": lambda: client("ssm").put_parameter(
            Name="/tradepost/local/releases/orders.api", Type="String", Value="{}", Overwrite=True
        ),
        "reads a secret": lambda: client("secretsmanager").get_secret_value(
            SecretId=stack.outputs["payment_provider_secret_arn"]
        ),
        "reads a log": lambda: client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function['name']}"),
    }
    for deed, attempt in attempts.items():
        with pytest.raises(ClientError) as refused:
            attempt()
        error = refused.value.response["Error"]
        assert "AccessDenied" in error["Code"] or "not authorized" in error["Message"], f"{deed}: {error}"
