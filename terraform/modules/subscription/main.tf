data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  target_arn = var.function == null ? var.workflow.alias_arn : var.function.alias_arn

  # From the names: the queue's policy names the rule, and the rule's target the queue.
  rule_arn = "arn:${data.aws_partition.current.partition}:events:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:rule/${var.event_bus_name}/${var.name}"
}

resource "aws_cloudwatch_event_rule" "this" {
  name           = var.name
  description    = var.description
  event_bus_name = var.event_bus_name
  event_pattern  = jsonencode({ source = [var.event_source], "detail-type" = var.event_types })
}

resource "aws_cloudwatch_event_target" "this" {
  rule           = aws_cloudwatch_event_rule.this.name
  event_bus_name = var.event_bus_name
  arn            = local.target_arn
  role_arn       = one(aws_iam_role.this[*].arn)
  input_path     = "$.detail" # the envelope, as it was published

  retry_policy {
    maximum_event_age_in_seconds = var.max_event_age_seconds
    maximum_retry_attempts       = var.max_retries
  }

  dead_letter_config {
    arn = module.dead_letters.arn
  }
}

module "dead_letters" {
  source = "../queue"

  name             = "${var.name}-undelivered"
  dead_letters     = false
  rules            = [local.rule_arn]
  kms_key_arn      = var.kms_key_arn
  alarm_actions    = var.alarm_actions
  runbook_base_url = var.runbook_base_url
}

# A function lets the rule in by its own policy, on the alias; a state machine has none, so the rule takes a role.
resource "aws_lambda_permission" "this" {
  count = var.function == null ? 0 : 1

  statement_id  = var.name
  action        = "lambda:InvokeFunction"
  function_name = var.function.name
  qualifier     = var.function.alias
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.this.arn
}

resource "aws_iam_role" "this" {
  count = var.workflow == null ? 0 : 1

  name        = "${var.name}-events"
  description = "What the rule ${var.name} may start."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { ArnEquals = { "aws:SourceArn" = local.rule_arn } }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  count = var.workflow == null ? 0 : 1

  name = "start"
  role = aws_iam_role.this[0].name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "StartTheWorkflow", Effect = "Allow", Action = ["states:StartExecution"], Resource = [var.workflow.alias_arn] }]
  })
}
