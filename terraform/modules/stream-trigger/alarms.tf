# The poller reports by function, whichever alias it invokes. An idle stream reports nothing and is not late: notBreaching.
resource "aws_cloudwatch_metric_alarm" "iterator_age" {
  alarm_name        = "${var.function_name}-iterator-age"
  alarm_description = "${var.function_name} is over ${var.max_iterator_age_seconds} s behind its stream; records are lost when they are 24 hours old. Runbook: ${var.runbook_base_url}/stream-iterator-age.md"

  namespace           = "AWS/Lambda"
  metric_name         = "IteratorAge"
  dimensions          = { FunctionName = var.function_name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.max_iterator_age_seconds * 1000
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_actions.page
  ok_actions    = var.alarm_actions.page
}

# A mapping that polls says so each minute, with 0 when there is nothing. One that is disabled, or that AWS has given up
# (its role, its key, its stream), is silent, and IteratorAge with it: here silence is the failure.
resource "aws_cloudwatch_metric_alarm" "stopped" {
  alarm_name        = "${var.function_name}-trigger-stopped"
  alarm_description = "Nothing reads the stream ${var.name} for ${var.function_name} any more; records are lost when they are 24 hours old. Runbook: ${var.runbook_base_url}/trigger-stopped.md"

  namespace           = "AWS/Lambda"
  metric_name         = "PolledEventCount"
  dimensions          = { EventSourceMappingUUID = aws_lambda_event_source_mapping.this.uuid }
  statistic           = "SampleCount"
  period              = 60
  evaluation_periods  = var.max_silence_minutes
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"

  alarm_actions = var.alarm_actions.page
  ok_actions    = var.alarm_actions.page
}
