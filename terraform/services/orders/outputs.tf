output "routes" {
  description = "Routes of the service, for module rest-api."
  value       = local.routes
}

output "functions" {
  description = "Functions by <service>.<function>, as module service tells them."
  value       = module.service.functions
}

output "canary_alarms" {
  description = "Names of the alarms on the newest version alone, by <service>.<function>."
  value       = module.service.canary_alarms
}

output "failure_queues" {
  description = "URLs of the failure queues by <service>.<function>."
  value       = module.service.failure_queues
}

output "tables" {
  description = "Names of the tables by logical name."
  value = {
    order_events       = module.order_events.name
    orders_view        = module.orders_view.name
    orders_idempotency = module.orders_idempotency.name
  }
}

output "trigger_targets" {
  description = "ARN of what each event source mapping invokes, by function."
  value       = { for name, trigger in module.stream_trigger : name => trigger.target }
}
