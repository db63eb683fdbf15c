locals {
  # What ran through the alias, whichever version served it.
  alias_dimensions = { FunctionName = var.name, Resource = "${var.name}:${local.alias}" }
}

# Silence is no error (notBreaching): a function that should never be silent sets `no_invocations_minutes`.
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name        = "${var.name}-errors"
  alarm_description = "Over ${var.alarms.error_percent} % of the invocations of ${var.name} fail. Runbook: ${var.runbook_base_url}/function-errors.md"

  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarms.error_percent
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "error_percent"
    label       = "errors, % of invocations"
    expression  = "IF(invocations > 0, 100 * errors / invocations, 0)"
    return_data = true
  }

  metric_query {
    id = "errors"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Errors"
      dimensions  = local.alias_dimensions
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "invocations"
    metric {
      namespace   = "AWS/Lambda"
      metric_name = "Invocations"
      dimensions  = local.alias_dimensions
      stat        = "Sum"
      period      = 60
    }
  }

  alarm_actions = var.alarm_actions.page
  ok_actions    = var.alarm_actions.page
}

# A throttle is only ever reported when it happens, so no data means none.
resource "aws_cloudwatch_metric_alarm" "throttles" {
  alarm_name        = "${var.name}-throttles"
  alarm_description = "Invocations of ${var.name} are refused for want of concurrency. Runbook: ${var.runbook_base_url}/function-throttles.md"

  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = local.alias_dimensions
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_actions.page
  ok_actions    = var.alarm_actions.page
}

# No invocation, no duration: silence is not slow.
resource "aws_cloudwatch_metric_alarm" "duration" {
  count = var.alarms.duration_percent == 0 ? 0 : 1

  alarm_name        = "${var.name}-duration"
  alarm_description = "The slowest 1 % of ${var.name} take over ${var.alarms.duration_percent} % of its time-out of ${var.timeout} s and will soon be cut off. Runbook: ${var.runbook_base_url}/function-duration.md"

  namespace           = "AWS/Lambda"
  metric_name         = "Duration"
  dimensions          = local.alias_dimensions
  extended_statistic  = "p99"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.timeout * 1000 * var.alarms.duration_percent / 100
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_actions.inform
  ok_actions    = var.alarm_actions.inform
}

# Here silence is the failure.
resource "aws_cloudwatch_metric_alarm" "no_invocations" {
  count = var.alarms.no_invocations_minutes == 0 ? 0 : 1

  alarm_name        = "${var.name}-no-invocations"
  alarm_description = "${var.name} ran not once in ${var.alarms.no_invocations_minutes} minutes, though traffic is expected. Runbook: ${var.runbook_base_url}/function-no-invocations.md"

  namespace           = "AWS/Lambda"
  metric_name         = "Invocations"
  dimensions          = local.alias_dimensions
  statistic           = "Sum"
  period              = var.alarms.no_invocations_minutes * 60
  evaluation_periods  = 1
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"

  alarm_actions = var.alarm_actions.page
  ok_actions    = var.alarm_actions.page
}
