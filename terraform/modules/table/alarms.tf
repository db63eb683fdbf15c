locals {
  # An index throttles on its own and then blocks writes to its table, so its metrics count too.
  throttle_sources = merge(
    { table = { TableName = var.name } },
    { for name in keys(var.indexes) : "index_${name}" => { TableName = var.name, GlobalSecondaryIndexName = name } },
  )
  throttle_metrics = {
    for pair in setproduct(keys(local.throttle_sources), ["ReadThrottleEvents", "WriteThrottleEvents"]) :
    lower("${pair[0]}_${trimsuffix(pair[1], "ThrottleEvents")}") => { dimensions = local.throttle_sources[pair[0]], metric_name = pair[1] }
  }
}

# Throttles are only reported when they happen, so no data means none. Errors of callers are theirs: no alarm.
resource "aws_cloudwatch_metric_alarm" "throttles" {
  alarm_name        = "${var.name}-throttles"
  alarm_description = "DynamoDB refuses requests to ${var.name}: a hot key, or more traffic than the table has grown to. Runbook: ${var.runbook_base_url}/table-throttles.md"

  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "throttles"
    label       = "refused reads and writes"
    expression  = join(" + ", [for id in keys(local.throttle_metrics) : "FILL(${id}, 0)"])
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.throttle_metrics
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = metric_query.value.metric_name
        dimensions  = metric_query.value.dimensions
        stat        = "Sum"
        period      = 60
      }
    }
  }

  alarm_actions = var.alarm_actions.page
  ok_actions    = var.alarm_actions.page
}
