# What is watched and drawn: docs/on-call.md tells how the catalog is used.
locals {
  alarms = {
    (aws_cloudwatch_metric_alarm.iterator_age.alarm_name) = { kind = "stream-iterator-age", urgency = "page" }
    (aws_cloudwatch_metric_alarm.stopped.alarm_name)      = { kind = "trigger-stopped", urgency = "page" }
  }

  widgets = [{
    title   = "${var.function_name}: behind the stream ${var.name}"
    label   = "milliseconds"
    stat    = "Maximum"
    metrics = [["AWS/Lambda", "IteratorAge", "FunctionName", var.function_name, { label = "age of the last record" }]]
    lines   = [{ label = "alarm", value = aws_cloudwatch_metric_alarm.iterator_age.threshold }]
  }]
}
