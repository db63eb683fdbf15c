output "catalog" {
  description = "For the catalog of services: the objective with its alarms and widgets."
  value = [{
    type  = "slo"
    name  = var.name
    stage = "outcome"
    usage = []
    alarms = merge(
      { for alarm in aws_cloudwatch_metric_alarm.window : alarm.alarm_name => { kind = "slo-window", urgency = "none" } },
      { for key, alarm in aws_cloudwatch_composite_alarm.burn : alarm.alarm_name => { kind = local.burns[key].kind, urgency = local.burns[key].urgency } },
    )
    widgets = [{
      title  = "${var.title}: budget left"
      label  = "% of 30 days' budget"
      start  = "-P30D"
      period = 300
      metrics = concat(local.drawn_metrics, [
        [{ expression = local.budget_left, label = "left", id = "left" }],
      ])
    }]
    values = [{
      title   = "${var.title}: budget left, %"
      view    = "singleValue"
      start   = "-P30D"
      period  = 86400
      metrics = concat(local.drawn_metrics, [[{ expression = "TIME_SERIES(100 - 100 * (SUM(total * (${var.bad_percent}) / 100) / SUM(total)) / ${local.budget_share})", label = "left", id = "left" }]])
    }]
  }]
}

locals {
  budget_share = format("%.6f", local.budget_percent / 100)
  # How the budget went down over the 30 days: bad events so far, over all of them so far.
  budget_left = "100 - 100 * (RUNNING_SUM(total * (${var.bad_percent}) / 100) / RUNNING_SUM(total)) / ${local.budget_share}"

  drawn_metrics = [
    for id, metric in var.metrics : concat(
      [metric.namespace, metric.metric_name], flatten([for name, value in metric.dimensions : [name, value]]),
      [{ id = id, stat = metric.stat, visible = false }],
    )
  ]
}
