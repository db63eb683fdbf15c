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
  value       = { payments = module.payments.name }
}

output "provider_secret" {
  description = "The secret with the key of the payment provider's API: its ARN, and what rotates it."
  value       = { arn = module.provider_secret.arn, rotation_target = module.provider_secret.rotation_target }
}

output "webhook_secret_arn" {
  description = "ARN of the secret that the payment provider signs its webhooks with."
  value       = module.webhook_secret.arn
}
