mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:123456789012:undelivered", url = "https://sqs.eu-west-1.amazonaws.com/123456789012/undelivered" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-west-1:123456789012:rule/tradepost-test/tradepost-test-shop-start" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/role" }
  }
}

variables {
  name             = "tradepost-test-shop-start"
  description      = "Starts something."
  event_bus_name   = "tradepost-test"
  event_source     = "tradepost.orders"
  event_types      = ["order_placed"]
  workflow         = { alias_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:work:live" }
  kms_key_arn      = "arn:aws:kms:eu-west-1:123456789012:key/0"
  alarm_actions    = { page = ["arn:aws:sns:eu-west-1:123456789012:page"], inform = ["arn:aws:sns:eu-west-1:123456789012:inform"] }
  runbook_base_url = "https://example.com/runbooks"
}

run "starts_a_workflow_by_its_alias" {
  command = apply

  assert {
    condition     = aws_cloudwatch_event_target.this.arn == var.workflow.alias_arn && aws_cloudwatch_event_target.this.input_path == "$.detail"
    error_message = "The target must be the alias, and get the envelope."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.this[0].policy).Statement == [{ Sid = "StartTheWorkflow", Effect = "Allow", Action = ["states:StartExecution"], Resource = [var.workflow.alias_arn] }] && length(aws_lambda_permission.this) == 0
    error_message = "The rule's role must start this alias, and nothing else."
  }
  assert {
    condition     = jsondecode(aws_iam_role.this[0].assume_role_policy).Statement[0].Condition.ArnEquals["aws:SourceArn"] == "arn:aws:events:eu-west-1:123456789012:rule/tradepost-test/tradepost-test-shop-start"
    error_message = "Only this rule may take the role."
  }
}

run "invokes_a_function_by_its_alias" {
  command = apply
  variables {
    function = { name = "tradepost-test-shop-end", alias = "live", alias_arn = "arn:aws:lambda:eu-west-1:123456789012:function:tradepost-test-shop-end:live" }
    workflow = null
  }

  assert {
    condition     = aws_lambda_permission.this[0].function_name == "tradepost-test-shop-end" && aws_lambda_permission.this[0].qualifier == "live" && aws_lambda_permission.this[0].source_arn == aws_cloudwatch_event_rule.this.arn
    error_message = "The permission must be on the alias, for this rule."
  }
  assert {
    condition     = length(aws_iam_role.this) == 0 && aws_cloudwatch_event_target.this.role_arn == null
    error_message = "A function needs no role."
  }
}

run "loses_nothing" {
  command = apply

  assert {
    condition     = aws_cloudwatch_event_target.this.dead_letter_config[0].arn == module.dead_letters.arn && aws_cloudwatch_event_target.this.retry_policy[0].maximum_retry_attempts == 185 && aws_cloudwatch_event_target.this.retry_policy[0].maximum_event_age_in_seconds == 86400
    error_message = "What cannot be delivered in a day must become a dead letter."
  }
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this.event_pattern) == { source = ["tradepost.orders"], "detail-type" = ["order_placed"] }
    error_message = "The rule must match source and types."
  }
}

run "refuses_a_bare_state_machine" {
  command = plan
  variables {
    workflow = { alias_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:work" }
  }
  expect_failures = [var.workflow]
}

run "refuses_a_bare_function" {
  command = plan
  variables {
    function = { name = "shop", alias = "live", alias_arn = "arn:aws:lambda:eu-west-1:123456789012:function:shop" }
    workflow = null
  }
  expect_failures = [var.function]
}

run "refuses_two_targets_and_none" {
  command = plan
  variables {
    function = { name = "shop", alias = "live", alias_arn = "arn:aws:lambda:eu-west-1:123456789012:function:shop:live" }
  }
  expect_failures = [var.function]
}

run "refuses_out_of_range" {
  command = plan
  variables {
    event_source          = "orders"
    event_types           = []
    max_retries           = 186
    max_event_age_seconds = 59
  }
  expect_failures = [var.event_source, var.event_types, var.max_retries, var.max_event_age_seconds]
}
