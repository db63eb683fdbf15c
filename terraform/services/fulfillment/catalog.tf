# What the service is there for, as numbers: docs/on-call.md tells how the catalog is used.
locals {
  counted = ["service", "fulfillment"]

  business = {
    type   = "business"
    name   = "${var.stack.name}-fulfillment"
    stage  = "outcome"
    usage  = []
    alarms = {}
    widgets = [
      {
        title = "Parcels"
        label = "per minute"
        stat  = "Sum"
        metrics = [
          concat([var.stack.name, "ShipmentsDispatched"], local.counted, [{ label = "dispatched" }]),
          concat([var.stack.name, "DispatchReminders"], local.counted, [{ label = "reminders: a parcel is late", color = "#ff7f0e" }]),
        ]
      },
    ]
  }
}

output "catalog" {
  description = "What is watched, drawn and paid for: the parts of the service, in the order data flows."
  value = concat(
    [local.business],
    module.order_workflow.catalog,
    module.refund_workflow.catalog,
    module.service.catalog,
    module.shipments.catalog,
    concat([], [for subscription in module.subscription : subscription.catalog]...),
  )
}
