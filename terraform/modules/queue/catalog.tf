# What is watched, drawn and paid for: docs/on-call.md tells how the catalog is used.
locals {
  alarms = merge(
    { (aws_cloudwatch_metric_alarm.failures_waiting.alarm_name) = { kind = "failure-queue-waiting", urgency = "inform" } },
    { (aws_cloudwatch_metric_alarm.failures_old.alarm_name) = { kind = "failure-queue-age", urgency = "page" } },
    { for alarm in aws_cloudwatch_metric_alarm.backlog_old : alarm.alarm_name => { kind = "queue-backlog-age", urgency = "page" } },
  )

  # A failure queue is drawn beside its like; a queue with a consumer has a widget of its own.
  widgets = [for alarm in aws_cloudwatch_metric_alarm.backlog_old : {
    title = "${var.name}: waiting"
    label = "messages"
    stat  = "Maximum"
    metrics = [
      ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", var.name, { label = "waiting" }],
      ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "QueueName", var.name, { label = "at work" }],
      ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", var.name, { label = "age of the oldest", yAxis = "right" }],
    ]
    right_label = "seconds"
  }]

  # Sent, received, deleted: three requests for a message, if each goes alone.
  usage = [for name in local.names : { metric = ["AWS/SQS", "NumberOfMessagesSent", "QueueName", name], charge = "queue_request", factor = 3 }]
}
