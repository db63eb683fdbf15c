mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/tradepost-test-inventory-expire-schedule" }
  }
}

variables {
  name              = "tradepost-test-inventory-expire"
  description       = "Gives back reservations whose time is over."
  expression        = "rate(1 minute)"
  function_name     = "tradepost-test-inventory-expire"
  alias_arn         = "arn:aws:lambda:eu-west-1:123456789012:function:tradepost-test-inventory-expire:live"
  failure_queue_arn = "arn:aws:sqs:eu-west-1:123456789012:failures"
}

run "invokes_the_alias_and_keeps_what_failed" {
  command = apply

  assert {
    condition     = aws_scheduler_schedule.this.target[0].arn == var.alias_arn && output.target == var.alias_arn
    error_message = "The schedule must invoke the alias."
  }
  assert {
    condition     = aws_scheduler_schedule.this.target[0].dead_letter_config[0].arn == var.failure_queue_arn
    error_message = "What could not be delivered must be kept."
  }
  assert {
    condition     = aws_scheduler_schedule.this.target[0].retry_policy[0].maximum_retry_attempts == 5 && aws_scheduler_schedule.this.target[0].retry_policy[0].maximum_event_age_in_seconds == 3600
    error_message = "Deliveries must be retried, with a cap on retries and age."
  }
  assert {
    condition     = { for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s.Sid => s.Resource } == { InvokeTheAlias = [var.alias_arn], KeepWhatFailed = [var.failure_queue_arn] }
    error_message = "The role must get this alias and this queue, nothing else."
  }
  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "Only schedules of this account may take the role."
  }
  assert {
    condition     = aws_scheduler_schedule.this.flexible_time_window[0].mode == "OFF" && aws_scheduler_schedule.this.state == "ENABLED" && aws_scheduler_schedule.this.schedule_expression_timezone == "UTC"
    error_message = "It must run, at its time, which is meant in UTC."
  }
}

run "can_be_paused" {
  command = plan
  variables {
    enabled  = false
    timezone = "Europe/Vienna"
    input    = "{\"day\":\"<aws.scheduler.scheduled-time>\"}"
  }
  assert {
    condition     = aws_scheduler_schedule.this.state == "DISABLED" && aws_scheduler_schedule.this.schedule_expression_timezone == "Europe/Vienna" && aws_scheduler_schedule.this.target[0].input == var.input
    error_message = "State, time zone and input must reach the schedule."
  }
}

run "refuses_the_bare_function_and_what_aws_would" {
  command = plan
  variables {
    name            = "Expire"
    expression      = "every minute"
    alias_arn       = "arn:aws:lambda:eu-west-1:123456789012:function:tradepost-test-inventory-expire"
    input           = "not json"
    max_retries     = 186
    max_age_seconds = 10
  }
  expect_failures = [var.name, var.expression, var.alias_arn, var.input, var.max_retries, var.max_age_seconds]
}
