output "rest_api_id" {
  description = "Id of the REST API."
  value       = module.rest_api.id
}

output "rest_api_stage" {
  description = "Stage of the REST API."
  value       = module.rest_api.stage
}

output "api_url" {
  description = "Base address of the REST API on AWS."
  value       = module.rest_api.url
}

output "partner_api_keys" {
  description = "API keys by partner."
  value       = module.rest_api.partner_api_keys
  sensitive   = true
}

output "event_bus_name" {
  description = "Name of the event bus."
  value       = module.event_bus.name
}

output "audit_log_group" {
  description = "Log group in which the on-call tools write who did what."
  value       = aws_cloudwatch_log_group.audit.name
}

output "tables_by_service" {
  description = "Names of tables by service and logical name: who pays for what."
  value       = { for name, service in local.shop_services : name => service.tables }
}

output "functions" {
  description = "Functions by <service>.<function>: name, alias, alias_arn, version (the newest published, at which the alias need not be yet), deployment_group (CodeDeploy) and canary_alarms (names, on that version alone)."
  value = {
    for key, function in local.functions : key => merge(function, {
      deployment_group = module.rollout.groups[key]
      canary_alarms    = local.canary_alarms[key]
    })
  }
}

output "codedeploy_application" {
  description = "CodeDeploy application, in which each function has its deployment group."
  value       = module.rollout.application
}

output "deployment_hook" {
  description = "What a deployment names as its hook BeforeAllowTraffic: <function>:<alias>."
  value       = module.rollout.hook
}

output "tables" {
  description = "Names of tables by logical name."
  value       = merge([for service in local.shop_services : service.tables]...)
}

output "payment_provider_secret_arn" {
  description = "The secret with the key of the payment provider's API, whose value is given by hand once."
  value       = module.payments.provider_secret.arn
}

output "payment_webhook_secret_arn" {
  description = "The secret that the payment provider signs its webhooks with, whose value is given by hand."
  value       = module.payments.webhook_secret_arn
}

output "failure_queues" {
  description = "URLs of failure queues by <service>.<function>."
  value       = merge([for service in local.services : service.failure_queues]...)
}

output "schedules" {
  description = "Names of schedules by the <service>.<function> that they run."
  value       = merge([for service in local.shop_services : try(service.schedules, {})]...)
}

output "workflows" {
  description = "State machines by <service>.<workflow>: name, arn, alias_arn (what triggers start) and invokes (aliases by their name in the definition)."
  value       = module.fulfillment.workflows
}
