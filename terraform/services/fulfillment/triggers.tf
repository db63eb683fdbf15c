locals {
  end_wait = {
    name      = module.service.function["end_wait"].name
    alias     = module.service.function["end_wait"].alias
    alias_arn = module.service.function["end_wait"].alias_arn
  }
  subscriptions = {
    start-order = {
      description = "Starts the workflow of each order that is placed."
      event_types = ["order_placed"]
      workflow    = { alias_arn = module.order_workflow.alias_arn }
    }
    start-refund = {
      description = "Starts the workflow of each refund that is requested."
      event_types = ["order_refund_requested"]
      workflow    = { alias_arn = module.refund_workflow.alias_arn }
    }
    end-wait = {
      description = "Ends the wait for a parcel that went out, or that never will."
      event_types = ["order_dispatched", "order_canceled", "order_rejected"]
      function    = local.end_wait
    }
  }
}

module "subscription" {
  source   = "../../modules/subscription"
  for_each = local.subscriptions

  name             = "${local.prefix}-${each.key}"
  description      = each.value.description
  event_bus_name   = var.stack.event_bus.name
  event_source     = "tradepost.orders"
  event_types      = each.value.event_types
  function         = lookup(each.value, "function", null)
  workflow         = lookup(each.value, "workflow", null)
  kms_key_arn      = var.stack.kms_key_arn
  alarm_actions    = var.stack.alarm_actions
  runbook_base_url = var.stack.runbook_base_url
}
