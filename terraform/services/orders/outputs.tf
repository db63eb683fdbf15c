output "routes" {
  description = "Routes of the service, for module rest-api."
  value       = local.routes
}

output "functions" {
  description = "Functions by name: the deployed name, the alias that triggers invoke and the newest version."
  value = {
    for name, function in module.function : "${local.service}.${name}" => {
      name      = function.name
      alias     = function.alias
      alias_arn = function.alias_arn
      version   = function.version
    }
  }
}

output "canary_alarms" {
  description = "Names of the alarms on the newest version alone, by function."
  value       = { for name, function in module.function : "${local.service}.${name}" => function.canary_alarms }
}

output "tables" {
  description = "Names of the tables by logical name."
  value = {
    order_events       = module.order_events.name
    orders_view        = module.orders_view.name
    orders_idempotency = module.orders_idempotency.name
  }
}

output "failure_queues" {
  description = "URLs of the failure queues by function."
  value       = { for name, function in module.function : "${local.service}.${name}" => function.failure_queue.url }
}

output "trigger_targets" {
  description = "ARN of what each event source mapping invokes, by function."
  value       = { for name, trigger in module.stream_trigger : name => trigger.target }
}
