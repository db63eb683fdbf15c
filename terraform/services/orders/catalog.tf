# What the service is there for, as numbers: docs/on-call.md tells how the catalog is used.
locals {
  counted = ["service", "orders"]

  business = {
    type  = "business"
    name  = "${var.stack.name}-orders"
    stage = "outcome"
    usage = []
    alarms = {
      (aws_cloudwatch_metric_alarm.outbox_behind.alarm_name) = { kind = "outbox-behind", urgency = "page" }
    }
    widgets = [
      {
        title    = "Orders per minute"
        label    = "orders per minute"
        stat     = "Sum"
        overview = true
        metrics = [
          concat([var.stack.name, "OrdersPlaced"], local.counted, [{ label = "placed" }]),
          concat([var.stack.name, "OrdersCanceled"], local.counted, [{ label = "canceled" }]),
          concat([var.stack.name, "OrdersRepeated"], local.counted, [{ label = "repeated requests" }]),
        ]
      },
      {
        title = "Outbox: events published and orders shown"
        label = "per minute"
        stat  = "Sum"
        metrics = [
          concat([var.stack.name, "EventsPublished"], local.counted, [{ label = "events published" }]),
          concat([var.stack.name, "OrdersProjected"], local.counted, [{ label = "orders projected" }]),
          concat([var.stack.name, "PublishFailures"], local.counted, [{ label = "not published", color = "#d62728" }]),
          concat([var.stack.name, "ProjectionFailures"], local.counted, [{ label = "not projected", color = "#ff7f0e" }]),
        ]
      },
    ]
  }
}

# A publisher that reports its records as failed has no error of its own, and what it cannot send keeps coming back: compare
# what went in with what came out. Without new orders there is nothing to compare: notBreaching.
resource "aws_cloudwatch_metric_alarm" "outbox_behind" {
  alarm_name        = "${var.stack.name}-orders-outbox-behind"
  alarm_description = "Orders are placed, and fewer than half as many events reach the bus: other services do not hear of them. Runbook: ${var.stack.runbook_base_url}/outbox-behind.md"

  comparison_operator = "GreaterThanThreshold"
  threshold           = 50
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "missing_percent"
    label       = "placed and not published, %"
    expression  = "IF(placed > 0, 100 - 100 * FILL(published, 0) / placed, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { placed = "OrdersPlaced", published = "EventsPublished" }
    content {
      id = metric_query.key
      metric {
        namespace   = var.stack.name
        metric_name = metric_query.value
        dimensions  = { service = "orders" }
        stat        = "Sum"
        period      = 300
      }
    }
  }

  alarm_actions = var.stack.alarm_actions.page
  ok_actions    = var.stack.alarm_actions.page
}

output "catalog" {
  description = "What is watched, drawn and paid for: the parts of the service, in the order data flows."
  value = concat(
    [local.business],
    module.service.catalog,
    module.order_events.catalog, module.orders_view.catalog, module.orders_idempotency.catalog,
    concat([], [for trigger in module.stream_trigger : trigger.catalog]...),
  )
}

output "indicators" {
  description = "Metrics of the service that the stack as a whole is judged by: namespace, metric_name, dimensions."
  value = {
    orders_placed   = { namespace = var.stack.name, metric_name = "OrdersPlaced", dimensions = { service = "orders" } }
    time_to_confirm = { namespace = var.stack.name, metric_name = "TimeToConfirm", dimensions = { service = "orders" } } # milliseconds
  }
}
