"""Terraform's X-Ray and rotation resources: applied, read back unchanged, changed in place, destroyed."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.stack.conformance.cloud import Cloud
from tests.stack.conformance.terraform_run import TerraformRun

FUNCTION = "def handler(event, context): pass"
CONFIGURATION = """
resource "aws_xray_group" "it" {
  group_name        = "terraform-group"
  filter_expression = "responsetime > RESPONSE_TIME"
  tags              = { Kind = "group" }
}

resource "aws_xray_sampling_rule" "it" {
  rule_name      = "terraform-rule"
  priority       = 100
  version        = 1
  reservoir_size = 2
  fixed_rate     = RATE
  url_path       = "/orders"
  host           = "*"
  http_method    = "*"
  service_type   = "*"
  service_name   = "nothing-here"
  resource_arn   = "*"
}

resource "aws_secretsmanager_secret" "it" {
  name                    = "terraform-secret"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_rotation" "it" {
  secret_id           = aws_secretsmanager_secret.it.id
  rotation_lambda_arn = "FUNCTION"

  rotation_rules {
    automatically_after_days = DAYS
  }
}
"""


def configuration(function: str, *, seconds: int = 5, rate: float = 0.1, days: int = 30) -> str:
    values = {"RESPONSE_TIME": seconds, "RATE": rate, "DAYS": days, "FUNCTION": function}
    text = CONFIGURATION
    for name, value in values.items():
        text = text.replace(name, str(value))
    return text


def test_terraform_reads_back_what_it_wrote_and_leaves_nothing(cloud: Cloud, tmp_path: Path) -> None:
    function = cloud.function(FUNCTION)
    cloud.aws("lambda").add_permission(
        FunctionName=function.name,
        StatementId="rotation",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
    )
    terraform = TerraformRun(tmp_path, cloud.endpoint)
    terraform.configure(configuration(function.arn))
    terraform.apply()
    terraform.configure(configuration(function.arn, seconds=7, rate=0.2))
    assert "0 added, 2 changed, 0 destroyed" in terraform.apply(), "what was written is read back, all of it"
    xray, manager = cloud.aws("xray"), cloud.aws("secretsmanager")
    assert xray.get_group(GroupName="terraform-group")["Group"]["FilterExpression"] == "responsetime > 7"
    assert manager.describe_secret(SecretId="terraform-secret")["RotationEnabled"] is True
    terraform.apply(destroy=True)
    with pytest.raises(ClientError):
        xray.get_group(GroupName="terraform-group")
    with pytest.raises(ClientError):
        manager.describe_secret(SecretId="terraform-secret")
    names = [record["SamplingRule"]["RuleName"] for record in xray.get_sampling_rules()["SamplingRuleRecords"]]
    assert names == ["Default"]
