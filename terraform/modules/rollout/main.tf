# CodeDeploy moves the alias of each function from one version to the next: a part of the traffic first, watched by the
# alarms of the new version alone, then all of it; back to the old version when an alarm, the hook or a person says so.
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  lambda_arn = "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:function"

  configs = {
    canary = {
      name = "${var.name}-canary-${var.percent}-percent-${var.minutes}-minutes"
      type = "TimeBasedCanary"
    }
    linear = {
      name = "${var.name}-linear-${var.percent}-percent-every-${var.minutes}-minutes"
      type = "TimeBasedLinear"
    }
  }
  config_names = {
    canary      = aws_codedeploy_deployment_config.this["canary"].deployment_config_name
    linear      = aws_codedeploy_deployment_config.this["linear"].deployment_config_name
    all_at_once = "CodeDeployDefault.LambdaAllAtOnce"
  }
}

resource "aws_codedeploy_app" "this" {
  name             = var.name
  compute_platform = "Lambda"
}

# Neither can be changed nor deleted while a group uses it: the numbers are in the name, and the new one comes first.
resource "aws_codedeploy_deployment_config" "this" {
  for_each = local.configs

  deployment_config_name = each.value.name
  compute_platform       = "Lambda"

  traffic_routing_config {
    type = each.value.type

    dynamic "time_based_canary" {
      for_each = each.key == "canary" ? [1] : []
      content {
        percentage = var.percent
        interval   = var.minutes
      }
    }

    dynamic "time_based_linear" {
      for_each = each.key == "linear" ? [1] : []
      content {
        percentage = var.percent
        interval   = var.minutes
      }
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

# One group per function: they are released side by side, and each is judged by its own alarms.
resource "aws_codedeploy_deployment_group" "this" {
  for_each = var.functions

  app_name               = aws_codedeploy_app.this.name
  deployment_group_name  = each.key
  deployment_config_name = local.config_names[lookup(var.strategies, each.key, var.default_strategy)]
  service_role_arn       = aws_iam_role.this.arn

  deployment_style {
    deployment_type   = "BLUE_GREEN"
    deployment_option = "WITH_TRAFFIC_CONTROL"
  }

  alarm_configuration {
    enabled = true
    alarms  = each.value.alarms
    # An alarm that cannot be read is no reason to go on.
    ignore_poll_alarm_failure = false
  }

  auto_rollback_configuration {
    enabled = true
    events  = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
  }

  lifecycle {
    precondition {
      condition     = length(setsubtract(keys(var.strategies), keys(var.functions))) == 0
      error_message = "strategies names ${join(", ", setsubtract(keys(var.strategies), keys(var.functions)))}, which is no function of the stack. Functions: ${join(", ", sort(keys(var.functions)))}."
    }
  }

  depends_on = [aws_iam_role_policy.this]
}
