mock_provider "aws" {
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:123456789012:mock" }
  }
}

variables {
  name                     = "tradepost-test-work"
  consumer_timeout_seconds = 20
  kms_key_arn              = "arn:aws:kms:eu-west-1:123456789012:key/0"
  alarm_actions            = { page = ["arn:aws:sns:eu-west-1:123456789012:page"], inform = ["arn:aws:sns:eu-west-1:123456789012:inform"] }
  runbook_base_url         = "https://example.com/runbooks"
}

run "failure_queue_is_the_end_of_the_line" {
  command = plan
  variables {
    dead_letters = false
  }

  assert {
    condition     = length(aws_sqs_queue.dead_letters) == 0
    error_message = "A failure queue has no dead letter queue."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.failures_waiting.dimensions.QueueName == "tradepost-test-work" && length(aws_cloudwatch_metric_alarm.backlog_old) == 0
    error_message = "The alarms must watch the failure queue itself."
  }
}

run "loses_nothing_by_default" {
  command = apply

  assert {
    condition     = aws_sqs_queue.this.visibility_timeout_seconds == 120
    error_message = "Visibility must be six times the consumer's time-out."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.this.redrive_policy).maxReceiveCount == 5
    error_message = "A message must become a dead letter after 5 deliveries."
  }
  assert {
    condition     = aws_sqs_queue.this.message_retention_seconds == 1209600 && aws_sqs_queue.dead_letters[0].message_retention_seconds == 1209600
    error_message = "Messages must be kept for the longest time that SQS allows."
  }
  assert {
    condition     = alltrue([for q in concat([aws_sqs_queue.this], aws_sqs_queue.dead_letters) : q.kms_master_key_id == var.kms_key_arn && strcontains(q.policy, "aws:SecureTransport")])
    error_message = "Both queues must be encrypted with the key and refuse plain HTTP."
  }
}

run "watches_the_dead_letters" {
  command = plan

  assert {
    condition     = aws_cloudwatch_metric_alarm.failures_waiting.dimensions.QueueName == "tradepost-test-work-dead-letters" && aws_cloudwatch_metric_alarm.failures_waiting.metric_name == "ApproximateNumberOfMessagesVisible"
    error_message = "The alarm must watch the waiting messages of the dead letter queue."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.failures_old.alarm_actions == toset(var.alarm_actions.page)
    error_message = "Old failures must page."
  }
  assert {
    condition     = strcontains(aws_cloudwatch_metric_alarm.backlog_old[0].alarm_description, "https://example.com/runbooks/queue-backlog-age.md")
    error_message = "The alarm must link its runbook."
  }
}

run "refuses_out_of_range" {
  command = plan
  variables {
    consumer_timeout_seconds = 901
    retention_days           = 15
    max_receives             = 0
  }
  expect_failures = [var.consumer_timeout_seconds, var.retention_days, var.max_receives]
}

run "rules_may_send" {
  command = plan
  variables {
    dead_letters = false
    rules        = ["arn:aws:events:eu-west-1:123456789012:rule/tradepost-test/placed"]
  }

  assert {
    condition     = flatten([for statement in jsondecode(aws_sqs_queue.this.policy).Statement : statement.Condition.ArnEquals["aws:SourceArn"] if statement.Effect == "Allow"]) == ["arn:aws:events:eu-west-1:123456789012:rule/tradepost-test/placed"]
    error_message = "The rules that are named, and no others, may send."
  }
}
