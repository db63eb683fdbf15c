module "service" {
  source = "../../modules/service"

  service     = "inventory"
  stack       = var.stack
  artifact    = var.artifact
  concurrency = var.concurrency

  functions = {
    api = {
      description = "The stock API: shows, counts and adjusts the stock."
      stage       = "requests"
      uses        = ["stock", "stock_adjustments", "inventory_idempotency", "low_stock_threshold"]
      timeout     = 20                # above the longest call to AWS (shared/aws.py), below the 29 s of the gateway: the caller gets our answer
      canary      = { p99_ms = 3000 } # callers wait for it
    }
    stock = {
      description = "Reserves, releases and ships the lines of an order, for the workflow."
      uses        = ["stock", "stock_reservations"]
      timeout     = 30 # above its patience with other orders (8 s) and the longest call to AWS after it (12 s)
    }
    expire = {
      description = "Gives back the reservations whose time is over, every minute."
      uses        = ["stock", "stock_reservations"]
      # It ends by itself shortly before its time is up, so being slow is a backlog and not an error; silence is one.
      timeout = 120
      alarms  = { duration_percent = 0, no_invocations_minutes = 15 }
    }
    alert = {
      description = "Publishes stock_low and stock_back from the stream of stock."
      uses        = ["event_bus"]
      timeout     = 30
    }
  }

  settings = merge({ for name, table in module.table : name => { "${upper(name)}_TABLE" = table.name } }, {
    low_stock_threshold = { LOW_STOCK_THRESHOLD = tostring(var.low_stock_threshold) }
    event_bus           = { EVENT_BUS_NAME = var.stack.event_bus.name }
  })

  # What the files in services/inventory/policies may grant on.
  resources = merge({ for name, table in module.table : name => [table.arn] }, {
    "stock_reservations.by_due" = [module.table["stock_reservations"].index_arns["by_due"]]
    event_bus                   = [var.stack.event_bus.arn]
  })
}
