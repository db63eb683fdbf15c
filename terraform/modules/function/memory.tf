# Lambda has no metric of the memory that was used; it writes it into the report of each invocation. Lambda Insights would
# measure it, too, at the cost of a layer in every function.
locals {
  memory_namespace = "Lambda/MaxMemoryUsed"
}

# A metric filter takes dimensions from the event alone, and a report does not name its function: the metric's name does.
resource "aws_cloudwatch_log_metric_filter" "memory" {
  name           = "memory"
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = "{ $.type = \"platform.report\" }"

  metric_transformation {
    namespace = local.memory_namespace
    name      = var.name
    value     = "$.record.metrics.maxMemoryUsedMB"
    unit      = "Megabytes"
  }
}

# What an environment used stays with it: one that has grown is near its end until Lambda replaces it. Silence is notBreaching.
resource "aws_cloudwatch_metric_alarm" "memory" {
  count = var.alarms.memory_percent == 0 ? 0 : 1

  alarm_name        = "${var.name}-memory"
  alarm_description = "${var.name} used over ${var.alarms.memory_percent} % of its ${var.memory_size} MB; at 100 % it is killed. Runbook: ${var.runbook_base_url}/function-memory.md"

  namespace           = local.memory_namespace
  metric_name         = var.name
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.memory_size * var.alarms.memory_percent / 100
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_actions.inform
  ok_actions    = var.alarm_actions.inform

  depends_on = [aws_cloudwatch_log_metric_filter.memory]
}
