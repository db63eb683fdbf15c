"""Terraform's CodeDeploy resources and a workflow: applied, read back unchanged, changed in place, destroyed."""

from pathlib import Path

import pytest

from tests.stack.conformance.cloud import Cloud
from tests.stack.conformance.terraform_run import TerraformRun

CONFIGURATION = """
resource "aws_iam_role" "deploy" {
  name = "terraform-codedeploy"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "codedeploy.amazonaws.com" } }]
  })
}

resource "aws_codedeploy_app" "it" {
  name             = "terraform-application"
  compute_platform = "Lambda"
  tags             = { Kind = "application" }
}

resource "aws_codedeploy_deployment_config" "it" {
  deployment_config_name = "terraform-config"
  compute_platform       = "Lambda"

  traffic_routing_config {
    type = "TimeBasedLinear"

    time_based_linear {
      interval   = 2
      percentage = 20
    }
  }
}

resource "aws_codedeploy_deployment_group" "it" {
  app_name               = aws_codedeploy_app.it.name
  deployment_group_name  = "terraform-group"
  service_role_arn       = aws_iam_role.deploy.arn
  deployment_config_name = aws_codedeploy_deployment_config.it.deployment_config_name
  tags                   = { Kind = "test" }

  deployment_style {
    deployment_option = "WITH_TRAFFIC_CONTROL"
    deployment_type   = "BLUE_GREEN"
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]
  }

  alarm_configuration {
    enabled = true
    alarms  = ["one", "two"]
  }
}

resource "aws_cloudwatch_log_group" "it" {
  name = "/aws/vendedlogs/states/terraform"
}

resource "aws_iam_role" "workflow" {
  name = "terraform-workflow"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "states.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "workflow" {
  role = aws_iam_role.workflow.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "logs:*", Resource = "*" }]
  })
}

resource "aws_sfn_state_machine" "it" {
  name       = "terraform-workflow"
  role_arn   = aws_iam_role.workflow.arn
  depends_on = [aws_iam_role_policy.workflow]
  definition = jsonencode({
    QueryLanguage = "JSONata"
    StartAt       = "Only"
    States        = { Only = { Type = "Succeed", Output = { n = 1 } } }
  })

  tracing_configuration {
    enabled = true
  }

  logging_configuration {
    level                  = "ALL"
    include_execution_data = true
    log_destination        = "${aws_cloudwatch_log_group.it.arn}:*"
  }
}
"""
CHANGED = (
    (
        "deployment_config_name = aws_codedeploy_deployment_config.it.deployment_config_name",
        'deployment_config_name = "CodeDeployDefault.LambdaCanary10Percent5Minutes"',
    ),
    ('alarms  = ["one", "two"]', 'alarms  = ["two", "three"]\n    ignore_poll_alarm_failure = true'),
    ('level                  = "ALL"', 'level                  = "ERROR"'),
    ("n = 1", "n = 2"),
    ('"terraform-application"', '"terraform-renamed"'),
    ('{ Kind = "application" }', '{ Kind = "changed", Also = "this" }'),
)


@pytest.mark.slow
def test_releases_and_workflows_are_applied_read_changed_and_destroyed(cloud: Cloud, tmp_path: Path) -> None:
    terraform, api = TerraformRun(tmp_path, cloud.endpoint), cloud.aws("codedeploy")
    terraform.configure(CONFIGURATION)
    assert "8 added" in terraform.apply()
    assert terraform.changes() == ""
    changed = CONFIGURATION
    for old, new in CHANGED:
        changed = changed.replace(old, new)
    terraform.configure(changed)
    assert "0 added, 3 changed, 0 destroyed" in terraform.apply()
    assert terraform.changes() == ""
    names = {"applicationName": "terraform-renamed", "deploymentGroupName": "terraform-group"}
    group = api.get_deployment_group(**names)["deploymentGroupInfo"]
    assert group["deploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    assert {alarm["name"] for alarm in group["alarmConfiguration"]["alarms"]} == {"two", "three"}
    start, end = (
        changed.index("  auto_rollback_configuration"),
        changed.index('}\n\nresource "aws_cloudwatch_log_group"'),
    )
    terraform.configure(changed[:start] + changed[end:])
    assert "0 added, 1 changed, 0 destroyed" in terraform.apply()
    assert terraform.changes() == ""
    assert "8 destroyed" in terraform.apply(destroy=True)
    assert "terraform-renamed" not in api.list_applications()["applications"]
