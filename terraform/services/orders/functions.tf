module "service" {
  source = "../../modules/service"

  service     = "orders"
  stack       = var.stack
  artifact    = var.artifact
  concurrency = var.concurrency

  functions = {
    api = {
      description = "The orders API: places, reads, cancels and refunds orders."
      stage       = "requests"
      uses        = ["order_events", "orders_view", "orders_idempotency"]
      timeout     = 20 # above the longest call to AWS (shared/aws.py), below the 29 s of the gateway: the caller gets our answer
      memory_size = 1024
      canary      = { p99_ms = 3000 } # callers wait for it; usual is a tenth of this
    }
    commands = {
      description = "Takes the fulfillment workflow's word on an order: confirmed, dispatched, completed, rejected, refunded."
      uses        = ["order_events"]
      timeout     = 30 # a read and an append may each take the longest call to AWS (shared/aws.py), if rarely
    }
    project = {
      description = "Keeps orders-view up to date from the stream of order-events."
      uses        = ["order_events", "orders_view"]
      timeout     = 60 # what it keeps for one more order at the worst (25 s), and as long again to work through a batch
    }
    publish = {
      description = "Publishes the stream of order-events to the bus: the outbox."
      uses        = ["event_bus"]
      timeout     = 30
    }
    replay = {
      description = "Rebuilds orders-view from order-events, page by page, by hand."
      stage       = "by_hand"
      uses        = ["order_events", "orders_view"]
      # One call does a slice and says where to go on; it stops by itself shortly before its time is up,
      # so being slow is normal and not an alarm.
      timeout     = 120
      memory_size = 1024
      alarms      = { duration_percent = 0 }
    }
  }

  settings = {
    order_events       = { ORDER_EVENTS_TABLE = module.order_events.name }
    orders_view        = { ORDERS_VIEW_TABLE = module.orders_view.name }
    orders_idempotency = { ORDERS_IDEMPOTENCY_TABLE = module.orders_idempotency.name }
    event_bus          = { EVENT_BUS_NAME = var.stack.event_bus.name }
  }

  # What the files in services/orders/policies may grant on.
  resources = {
    order_events                    = [module.order_events.arn]
    orders_view                     = [module.orders_view.arn]
    "orders_view.by_partner"        = [module.orders_view.index_arns["by_partner"]]
    "orders_view.by_partner_status" = [module.orders_view.index_arns["by_partner_status"]]
    orders_idempotency              = [module.orders_idempotency.arn]
    event_bus                       = [var.stack.event_bus.arn]
  }
}

moved {
  from = module.function
  to   = module.service.module.function
}
