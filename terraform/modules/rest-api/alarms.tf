locals {
  stage_dimensions = { ApiName = aws_api_gateway_rest_api.this.name, Stage = var.stage_name }
}

# No request, no failure: silence is notBreaching here, and the alarm of a function that must not be silent speaks up.
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name        = "${var.name}-5xx"
  alarm_description = "Over ${var.alarms.error_percent} % of the requests to ${var.name} end with a 5xx. Runbook: ${var.runbook_base_url}/api-5xx.md"

  namespace           = "AWS/ApiGateway"
  metric_name         = "5XXError"
  dimensions          = local.stage_dimensions
  statistic           = "Average" # of 0 and 1 per request: the rate
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarms.error_percent / 100
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_actions.page
  ok_actions    = var.alarm_actions.page
}

resource "aws_cloudwatch_metric_alarm" "latency" {
  alarm_name        = "${var.name}-latency"
  alarm_description = "The slowest 1 % of the requests to ${var.name} take over ${var.alarms.latency_p99_ms} ms. Runbook: ${var.runbook_base_url}/api-latency.md"

  namespace           = "AWS/ApiGateway"
  metric_name         = "Latency"
  dimensions          = local.stage_dimensions
  extended_statistic  = "p99"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarms.latency_p99_ms
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_actions.inform
  ok_actions    = var.alarm_actions.inform
}
