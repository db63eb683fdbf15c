# What the service is there for, as numbers: docs/on-call.md tells how the catalog is used.
locals {
  counted = ["service", "payments"]

  business = {
    type   = "business"
    name   = "${var.stack.name}-payments"
    stage  = "outcome"
    usage  = []
    alarms = {}
    widgets = [
      {
        title    = "Money captured"
        label    = "major units per minute"
        stat     = "Sum"
        overview = true
        metrics  = [for currency in var.shown_currencies : [var.stack.name, "MoneyCaptured", "currency", currency, "service", "payments", { label = currency }]]
      },
      {
        title = "What became of payments"
        label = "per minute"
        stat  = "Sum"
        metrics = [
          concat([var.stack.name, "AuthorizeAuthorized"], local.counted, [{ label = "authorized" }]),
          concat([var.stack.name, "CaptureCaptured"], local.counted, [{ label = "captured" }]),
          concat([var.stack.name, "VoidVoided"], local.counted, [{ label = "voided" }]),
          concat([var.stack.name, "RefundRefunded"], local.counted, [{ label = "refunded" }]),
          concat([var.stack.name, "AuthorizeDeclined"], local.counted, [{ label = "declined", color = "#ff7f0e" }]),
        ]
      },
      {
        title = "The provider"
        label = "per minute"
        stat  = "Sum"
        metrics = [
          concat([var.stack.name, "ProviderOutcomesUnknown"], local.counted, [{ label = "did not answer", color = "#d62728" }]),
          concat([var.stack.name, "ProviderOutcomesResolved"], local.counted, [{ label = "asked what happened" }]),
          concat([var.stack.name, "WebhooksApplied"], local.counted, [{ label = "webhooks that told something new" }]),
          concat([var.stack.name, "WebhooksRefused"], local.counted, [{ label = "webhooks with a bad signature", color = "#ff7f0e" }]),
        ]
      },
    ]
    values = [{
      title = "Money captured, ${var.shown_currencies[0]}"
      view  = "singleValue"
      metrics = [
        [var.stack.name, "MoneyCaptured", "currency", var.shown_currencies[0], "service", "payments", { id = "captured", stat = "Sum", visible = false }],
        [{ expression = "TIME_SERIES(SUM(captured))", label = var.shown_currencies[0], id = "shown" }],
      ]
    }]
  }
}

output "catalog" {
  description = "What is watched, drawn and paid for: the parts of the service, in the order data flows."
  value       = concat([local.business], module.service.catalog, module.payments.catalog)
}
