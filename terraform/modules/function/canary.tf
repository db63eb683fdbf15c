# What decides over a release: the newest version alone. Beside nine times as much traffic of the old version, a new one
# that fails half of its calls raises the alias's error rate by 5 % only. The alarms turn to a version in the apply that
# publishes it, before the release sends it anything.
locals {
  newest = merge(local.alias_dimensions, { ExecutedVersion = aws_lambda_function.this.version })

  # Slow for a release: well before the time-out, if the owner knows what is normal.
  canary_p99_ms = (
    var.canary.p99_ms != null ? var.canary.p99_ms :
    var.alarms.duration_percent == 0 ? null : var.timeout * 1000 * var.alarms.duration_percent / 100
  )

  canary_metrics = { errors = ["Errors", "Sum"], invocations = ["Invocations", "Sum"], duration = ["Duration", "p99"] }

  # One period is enough, so that a bad version is seen long before its bake time is over. A period with few samples says
  # nothing, bad or good: a function without traffic arrives unjudged (docs/releases.md).
  canary_alarms = merge(
    {
      errors = {
        description = "Over ${var.canary.error_percent} % of the invocations of the newest version of ${var.name} fail; its release is rolled back."
        kind        = "canary-errors"
        label       = "errors, % of the invocations of the newest version"
        expression  = "IF(invocations >= ${var.canary.min_invocations}, 100 * errors / invocations, 0)"
        metrics     = ["errors", "invocations"]
        threshold   = var.canary.error_percent
      }
    },
    local.canary_p99_ms == null ? {} : {
      slow = {
        description = "The slowest 1 % of the newest version of ${var.name} take over ${local.canary_p99_ms} ms; its release is rolled back."
        kind        = "canary-slow"
        label       = "p99 of the newest version, ms"
        expression  = "IF(invocations >= ${var.canary.min_invocations}, duration, 0)"
        metrics     = ["duration", "invocations"]
        threshold   = local.canary_p99_ms
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "canary" {
  for_each = local.canary_alarms

  alarm_name        = "${var.name}-canary-${each.key}"
  alarm_description = "${each.value.description} Runbook: ${var.runbook_base_url}/${each.value.kind}.md"

  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "judged"
    label       = each.value.label
    expression  = each.value.expression
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.metrics
    content {
      id = metric_query.value
      metric {
        namespace   = "AWS/Lambda"
        metric_name = local.canary_metrics[metric_query.value][0]
        dimensions  = local.newest
        stat        = local.canary_metrics[metric_query.value][1]
        period      = var.canary.period_seconds
      }
    }
  }

  # The release is rolled back without anyone; someone has to know why it was.
  alarm_actions = var.alarm_actions.inform
  ok_actions    = var.alarm_actions.inform

  lifecycle {
    # Another version published now would take the alarms away from the one that is being released. Said once.
    precondition {
      condition     = each.key != "errors" || length(aws_lambda_alias.live.routing_config) == 0
      error_message = "A release of ${var.name} is in flight: its alias sends traffic to two versions. Wait for it (`make rollout ENV=...` shows it) or end it (`make rollback`), then apply again."
    }
  }
}
