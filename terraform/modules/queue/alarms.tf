# On the messages that wait, never on those sent: what a redrive or a stream puts there is not "sent" by the metric.
# A queue that CloudWatch is silent about is empty and unused, hence notBreaching.
resource "aws_cloudwatch_metric_alarm" "failures_waiting" {
  alarm_name        = "${local.failure_queue}-waiting"
  alarm_description = "Messages failed and wait in ${local.failure_queue}; nothing is lost. Runbook: ${var.runbook_base_url}/failure-queue-waiting.md"

  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = local.failure_queue }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_actions.inform
  ok_actions    = var.alarm_actions.inform
}

resource "aws_cloudwatch_metric_alarm" "failures_old" {
  alarm_name        = "${local.failure_queue}-age"
  alarm_description = "The oldest failed message in ${local.failure_queue} waits for over ${var.max_failure_age_minutes} minutes; it is lost after the queue's retention. Runbook: ${var.runbook_base_url}/failure-queue-age.md"

  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = local.failure_queue }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.max_failure_age_minutes * 60
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_actions.page
  ok_actions    = var.alarm_actions.page
}

# The backlog of a queue that has a consumer; a failure queue has none.
resource "aws_cloudwatch_metric_alarm" "backlog_old" {
  count = var.dead_letters ? 1 : 0

  alarm_name        = "${var.name}-backlog-age"
  alarm_description = "The oldest message in ${var.name} waits for over ${var.max_backlog_age_minutes} minutes: its consumer is stopped, failing or too slow. Runbook: ${var.runbook_base_url}/queue-backlog-age.md"

  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = var.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.max_backlog_age_minutes * 60
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_actions.page
  ok_actions    = var.alarm_actions.page
}
