locals {
  definitions = "${var.stack.source_root}/services/fulfillment/workflows"

  # Stock is kept for longer than the longest wait for a parcel, with a day for what comes after it.
  longest_wait_seconds = var.dispatch.reminder_hours * 3600 * (var.dispatch.reminders + 1)
  reservation_seconds  = local.longest_wait_seconds + 86400
}

module "order_workflow" {
  source = "../../modules/workflow"

  name            = "${local.prefix}-order"
  definition_file = "${local.definitions}/order.asl.json"

  functions = {
    inventory_stock            = var.inventory_stock_arn
    payments_charge            = var.payments_charge_arn
    orders_commands            = var.orders_commands_arn
    fulfillment_await_dispatch = module.service.function["await_dispatch"].alias_arn
  }
  values = {
    reminder_seconds    = var.dispatch.reminder_hours * 3600
    reminders           = var.dispatch.reminders
    reservation_seconds = local.reservation_seconds
  }

  log_retention_days = var.stack.log_retention_days
  kms_key_arn        = var.stack.kms_key_arn
  alarm_actions      = var.stack.alarm_actions
  runbook_base_url   = var.stack.runbook_base_url
}

module "refund_workflow" {
  source = "../../modules/workflow"

  name            = "${local.prefix}-refund"
  definition_file = "${local.definitions}/refund.asl.json"

  functions = {
    payments_charge = var.payments_charge_arn
    orders_commands = var.orders_commands_arn
  }

  log_retention_days = var.stack.log_retention_days
  kms_key_arn        = var.stack.kms_key_arn
  alarm_actions      = var.stack.alarm_actions
  runbook_base_url   = var.stack.runbook_base_url
}
