# Multi-window, multi-burn-rate alarms, after the SRE workbook: a burn rate of 1 spends the budget exactly in its 30 days.
# The long window says that it matters, the short one that it still goes on, so that the alarm ends soon after the fault.
locals {
  budget_percent = 100 - var.objective_percent

  # 14.4 for an hour is 2 % of the budget; 6 for six hours is 5 %.
  burns = {
    fast = { kind = "slo-fast-burn", rate = 14.4, long = "1h", short = "5m", urgency = "page", means = "at this rate the budget of 30 days is gone in two days" }
    slow = { kind = "slo-slow-burn", rate = 6, long = "6h", short = "30m", urgency = "inform", means = "at this rate the budget of 30 days is gone in five days" }
  }
  windows = merge([
    for key, burn in local.burns : {
      (burn.long)  = { burn = key, rate = burn.rate, seconds = local.seconds[burn.long], expression = local.enough }
      (burn.short) = { burn = key, rate = burn.rate, seconds = local.seconds[burn.short], expression = local.bad_percent }
    }
  ]...)
  seconds = { "5m" = 300, "30m" = 1800, "1h" = 3600, "6h" = 21600 }

  # Of one failure among ten requests at night nobody needs to know: it takes some bad events to speak of a rate.
  bad_percent = "IF(total > 0, ${var.bad_percent}, 0)"
  enough      = "IF(total * (${var.bad_percent}) / 100 >= ${var.min_bad_events}, ${var.bad_percent}, 0)"
}

# Conditions of the alarms below, with no action of their own. No event spends no budget: notBreaching.
resource "aws_cloudwatch_metric_alarm" "window" {
  for_each = local.windows

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = "${var.title}: in ${each.key} over ${each.value.rate} times the share that the objective of ${var.objective_percent} % allows missed it. Runbook: ${var.runbook_base_url}/slo-window.md"

  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.rate * local.budget_percent
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "missed"
    label       = "missed the objective, %"
    expression  = each.value.expression
    return_data = true
  }

  dynamic "metric_query" {
    for_each = var.metrics
    content {
      id = metric_query.key
      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.metric_name
        dimensions  = metric_query.value.dimensions
        stat        = metric_query.value.stat
        period      = each.value.seconds
      }
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "burn" {
  for_each = local.burns

  alarm_name        = "${var.name}-${each.key}-burn"
  alarm_description = "${var.title}: ${each.value.means}. Objective: ${var.objective_percent} %. Runbook: ${var.runbook_base_url}/${each.value.kind}.md"
  alarm_rule        = join(" AND ", [for window in [each.value.long, each.value.short] : "ALARM(\"${aws_cloudwatch_metric_alarm.window[window].alarm_name}\")"])

  alarm_actions = var.alarm_actions[each.value.urgency]
  ok_actions    = var.alarm_actions[each.value.urgency]
}
