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
  value       = { for name, table in module.table : name => table.name }
}

output "trigger_targets" {
  description = "ARN of what each event source mapping and each schedule invokes, by function."
  value       = { alert = module.stream_trigger.target, expire = module.schedule.target }
}

output "schedules" {
  description = "Names of the schedules by <service>.<function>."
  value       = { "inventory.expire" = module.schedule.name }
}
