locals {
  # What the files in services/orders/policies may grant on.
  resources = {
    order_events                    = [module.order_events.arn]
    orders_view                     = [module.orders_view.arn]
    "orders_view.by_partner"        = [module.orders_view.index_arns["by_partner"]]
    "orders_view.by_partner_status" = [module.orders_view.index_arns["by_partner_status"]]
    orders_idempotency              = [module.orders_idempotency.arn]
    event_bus                       = [var.stack.event_bus.arn]
  }

  settings = {
    order_events       = { ORDER_EVENTS_TABLE = module.order_events.name }
    orders_view        = { ORDERS_VIEW_TABLE = module.orders_view.name }
    orders_idempotency = { ORDERS_IDEMPOTENCY_TABLE = module.orders_idempotency.name }
    event_bus          = { EVENT_BUS_NAME = var.stack.event_bus.name }
  }

  # `uses`: whose names the function is told. What it may do with them is in its policy file.
  functions = {
    api = {
      description = "The orders API: places, reads and cancels orders."
      uses        = ["order_events", "orders_view", "orders_idempotency"]
      timeout     = 20 # above the longest call to AWS (shared/aws.py), below the 29 s of the gateway: the caller gets our answer
      memory_size = 1024
      alarms      = {}
    }
    project = {
      description = "Keeps orders-view up to date from the stream of order-events."
      uses        = ["order_events", "orders_view"]
      timeout     = 30
      memory_size = 512
      alarms      = {}
    }
    publish = {
      description = "Publishes the stream of order-events to the bus: the outbox."
      uses        = ["event_bus"]
      timeout     = 30
      memory_size = 512
      alarms      = {}
    }
    replay = {
      description = "Rebuilds orders-view from order-events, page by page, by hand."
      uses        = ["order_events", "orders_view"]
      # One call does a slice and says where to go on; it stops by itself shortly before its time is up,
      # so being slow is normal and not an alarm.
      timeout     = 120
      memory_size = 1024
      alarms      = { duration_percent = 0 }
    }
  }
}

module "function" {
  source   = "../../modules/function"
  for_each = local.functions

  name         = "${local.prefix}-${each.key}"
  description  = each.value.description
  handler      = "${local.service}.handlers.${each.key}.handler"
  artifact     = var.artifact
  layers       = [var.stack.layer_arn]
  architecture = var.stack.architecture
  timeout      = each.value.timeout
  memory_size  = each.value.memory_size

  environment = merge({
    ENVIRONMENT                  = var.stack.environment
    POWERTOOLS_LOG_LEVEL         = var.stack.log_level
    POWERTOOLS_METRICS_NAMESPACE = var.stack.name # environments that share an account must not add up
    POWERTOOLS_SERVICE_NAME      = local.service
  }, [for name in each.value.uses : local.settings[name]]...)

  policy_file = "${local.source}/policies/${each.key}.json"
  resources   = local.resources

  reserved_concurrency    = try(var.concurrency[each.key].reserved, null)
  provisioned_concurrency = try(var.concurrency[each.key].provisioned, null)

  log_level          = var.stack.log_level
  log_retention_days = var.stack.log_retention_days
  kms_key_arn        = var.stack.kms_key_arn
  alarms             = each.value.alarms
  alarm_actions      = var.stack.alarm_actions
  runbook_base_url   = var.stack.runbook_base_url
}
