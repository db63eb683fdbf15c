# What is watched, drawn and paid for: docs/on-call.md tells how the catalog is used.
locals {
  of_alias = ["FunctionName", var.name, "Resource", "${var.name}:${local.alias}"]

  alarms = merge(
    { (aws_cloudwatch_metric_alarm.errors.alarm_name) = { kind = "function-errors", urgency = "page" } },
    { (aws_cloudwatch_metric_alarm.throttles.alarm_name) = { kind = "function-throttles", urgency = "page" } },
    { for alarm in aws_cloudwatch_metric_alarm.duration : alarm.alarm_name => { kind = "function-duration", urgency = "inform" } },
    { for alarm in aws_cloudwatch_metric_alarm.memory : alarm.alarm_name => { kind = "function-memory", urgency = "inform" } },
    { for alarm in aws_cloudwatch_metric_alarm.no_invocations : alarm.alarm_name => { kind = "function-no-invocations", urgency = "page" } },
    { for key, alarm in aws_cloudwatch_metric_alarm.canary : alarm.alarm_name => { kind = local.canary_alarms[key].kind, urgency = "inform" } },
  )

  widgets = [
    {
      title = "${var.name}: invocations"
      label = "per minute"
      stat  = "Sum"
      metrics = [
        concat(["AWS/Lambda", "Invocations"], local.of_alias, [{ label = "invocations" }]),
        concat(["AWS/Lambda", "Errors"], local.of_alias, [{ label = "errors", color = "#d62728" }]),
        concat(["AWS/Lambda", "Throttles"], local.of_alias, [{ label = "throttles", color = "#ff7f0e" }]),
      ]
    },
    {
      title = "${var.name}: duration"
      label = "milliseconds"
      metrics = [
        concat(["AWS/Lambda", "Duration"], local.of_alias, [{ label = "p50", stat = "p50" }]),
        concat(["AWS/Lambda", "Duration"], local.of_alias, [{ label = "p99", stat = "p99" }]),
      ]
      lines = [for alarm in aws_cloudwatch_metric_alarm.duration : { label = "alarm", value = alarm.threshold }]
    },
    {
      title   = "${var.name}: memory"
      label   = "MB"
      stat    = "Maximum"
      metrics = [[local.memory_namespace, var.name, { label = "most used" }]]
      lines   = [for alarm in aws_cloudwatch_metric_alarm.memory : { label = "alarm", value = alarm.threshold }]
    },
  ]

  usage = [
    { metric = concat(["AWS/Lambda", "Duration"], local.of_alias), charge = "lambda_gb_second_${var.architecture}", factor = var.memory_size / 1024 / 1000 },
    { metric = concat(["AWS/Lambda", "Invocations"], local.of_alias), charge = "lambda_request", factor = 1 },
    { metric = ["AWS/Logs", "IncomingBytes", "LogGroupName", aws_cloudwatch_log_group.this.name], charge = "log_gigabyte", factor = 1 / 1000000000 },
  ]
}
