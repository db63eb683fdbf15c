# What is watched, drawn and paid for: docs/on-call.md tells how the catalog is used.
locals {
  of_stage = ["ApiName", aws_api_gateway_rest_api.this.name, "Stage", var.stage_name]

  alarm_catalog = {
    (aws_cloudwatch_metric_alarm.errors.alarm_name)  = { kind = "api-5xx", urgency = "page" }
    (aws_cloudwatch_metric_alarm.latency.alarm_name) = { kind = "api-latency", urgency = "inform" }
  }

  widgets = [
    {
      title = "API: requests"
      label = "per minute"
      stat  = "Sum"
      metrics = [
        concat(["AWS/ApiGateway", "Count"], local.of_stage, [{ label = "requests" }]),
        concat(["AWS/ApiGateway", "4XXError"], local.of_stage, [{ label = "refused (4xx)", color = "#ff7f0e" }]),
        concat(["AWS/ApiGateway", "5XXError"], local.of_stage, [{ label = "failed (5xx)", color = "#d62728" }]),
      ]
    },
    {
      title = "API: latency"
      label = "milliseconds"
      metrics = [
        concat(["AWS/ApiGateway", "Latency"], local.of_stage, [{ label = "p50", stat = "p50" }]),
        concat(["AWS/ApiGateway", "Latency"], local.of_stage, [{ label = "p99", stat = "p99" }]),
        concat(["AWS/ApiGateway", "IntegrationLatency"], local.of_stage, [{ label = "p99 of the functions", stat = "p99" }]),
      ]
      lines = [{ label = "alarm", value = aws_cloudwatch_metric_alarm.latency.threshold }]
    },
  ]

  usage = [
    { metric = concat(["AWS/ApiGateway", "Count"], local.of_stage), charge = "api_request", factor = 1 },
    { metric = ["AWS/Logs", "IncomingBytes", "LogGroupName", aws_cloudwatch_log_group.access.name], charge = "log_gigabyte", factor = 1 / 1000000000 },
  ]
}
