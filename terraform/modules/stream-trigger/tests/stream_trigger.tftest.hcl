mock_provider "aws" {}

variables {
  name              = "order-events"
  stream_arn        = "arn:aws:dynamodb:eu-west-1:123456789012:table/order-events/stream/2026-01-01T00:00:00.000"
  function_name     = "tradepost-test-orders-project"
  alias_arn         = "arn:aws:lambda:eu-west-1:123456789012:function:tradepost-test-orders-project:live"
  role_name         = "tradepost-test-orders-project"
  failure_queue_arn = "arn:aws:sqs:eu-west-1:123456789012:failures"
  alarm_actions     = { page = ["arn:aws:sns:eu-west-1:123456789012:page"], inform = ["arn:aws:sns:eu-west-1:123456789012:inform"] }
  runbook_base_url  = "https://example.com/runbooks"
}

run "neither_blocks_nor_loses" {
  command = plan

  assert {
    condition     = aws_lambda_event_source_mapping.this.function_name == var.alias_arn
    error_message = "Records must go to the alias."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.this.bisect_batch_on_function_error && aws_lambda_event_source_mapping.this.maximum_retry_attempts == 10 && aws_lambda_event_source_mapping.this.maximum_record_age_in_seconds == 21600
    error_message = "A bad record must be isolated, with a cap on retries and age."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.this.function_response_types == toset(["ReportBatchItemFailures"]) && aws_lambda_event_source_mapping.this.destination_config[0].on_failure[0].destination_arn == var.failure_queue_arn
    error_message = "Partial batches must be reported and failures kept."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.this.starting_position == "TRIM_HORIZON"
    error_message = "No record may be skipped while the mapping is made."
  }
  assert {
    condition     = { for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s.Sid => s.Resource } == { ReadTheStream = [var.stream_arn], KeepWhatFailed = [var.failure_queue_arn] }
    error_message = "The role must get this stream and this queue, nothing else."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.iterator_age.threshold == 300000 && strcontains(aws_cloudwatch_metric_alarm.iterator_age.alarm_description, "stream-iterator-age.md")
    error_message = "The alarm must fire at 5 minutes behind and link its runbook."
  }
}

run "a_mapping_that_stops_is_noticed" {
  command = apply

  assert {
    condition     = aws_lambda_event_source_mapping.this.metrics_config[0].metrics == toset(["EventCount"])
    error_message = "The poller must say that it lives."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.stopped.dimensions == tomap({ EventSourceMappingUUID = aws_lambda_event_source_mapping.this.uuid }) && aws_cloudwatch_metric_alarm.stopped.statistic == "SampleCount" && aws_cloudwatch_metric_alarm.stopped.treat_missing_data == "breaching"
    error_message = "Silence of the mapping is the failure, however little it polls."
  }
  assert {
    condition     = { for name, alarm in output.catalog[0].alarms : alarm.kind => alarm.urgency } == { "stream-iterator-age" = "page", "trigger-stopped" = "page" }
    error_message = "The catalog must have both alarms."
  }
}

run "filters" {
  command = plan
  variables {
    filters = ["{\"eventName\":[\"INSERT\"]}"]
  }
  assert {
    condition     = one(one(aws_lambda_event_source_mapping.this.filter_criteria).filter).pattern == var.filters[0]
    error_message = "The filter must reach the mapping."
  }
}

run "refuses_the_bare_function_and_endless_retries" {
  command = plan
  variables {
    alias_arn              = "arn:aws:lambda:eu-west-1:123456789012:function:tradepost-test-orders-project"
    max_retries            = -1
    max_record_age_seconds = 10
    batch_size             = 0
    filters                = ["not json"]
  }
  expect_failures = [var.alias_arn, var.max_retries, var.max_record_age_seconds, var.batch_size, var.filters]
}
