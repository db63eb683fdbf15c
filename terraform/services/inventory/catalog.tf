# What the service is there for, as numbers: docs/on-call.md tells how the catalog is used.
locals {
  counted = ["service", "inventory"]

  business = {
    type   = "business"
    name   = "${var.stack.name}-inventory"
    stage  = "outcome"
    usage  = []
    alarms = {}
    widgets = [
      {
        title    = "Reservations"
        label    = "per minute"
        stat     = "Sum"
        overview = true
        metrics = [
          concat([var.stack.name, "ReserveReserved"], local.counted, [{ label = "reserved" }]),
          concat([var.stack.name, "ReleaseReleased"], local.counted, [{ label = "released" }]),
          concat([var.stack.name, "ShipShipped"], local.counted, [{ label = "shipped" }]),
          concat([var.stack.name, "ReserveOutOfStock"], local.counted, [{ label = "out of stock", color = "#d62728" }]),
          concat([var.stack.name, "ReservationsExpired"], local.counted, [{ label = "expired", color = "#ff7f0e" }]),
        ]
      },
      {
        title = "Changes by hand and alerts"
        label = "per minute"
        stat  = "Sum"
        metrics = [
          concat([var.stack.name, "StockCounted"], local.counted, [{ label = "counted" }]),
          concat([var.stack.name, "StockAdjusted"], local.counted, [{ label = "adjusted" }]),
          concat([var.stack.name, "EventsPublished"], local.counted, [{ label = "stock alerts published" }]),
        ]
      },
    ]
  }
}

output "catalog" {
  description = "What is watched, drawn and paid for: the parts of the service, in the order data flows."
  value = concat(
    [local.business],
    module.service.catalog,
    concat([], [for table in module.table : table.catalog]...),
    module.stream_trigger.catalog,
  )
}
