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

output "deployment_hook" {
  description = "Name and alias of the function that checks each new version."
  value = {
    name  = module.service.functions["operations.deploy_check"].name
    alias = module.service.functions["operations.deploy_check"].alias
  }
}

output "catalog" {
  description = "What is watched, drawn and paid for: the parts of the service, in the order data flows."
  value       = module.service.catalog
}
