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
  description = "URLs of the failure queues by <service>.<function>, and of the events that could not be delivered by <service>.<subscription>."
  value = merge(
    module.service.failure_queues,
    { for name, subscription in module.subscription : "fulfillment.${name}" => subscription.dead_letters },
  )
}

output "tables" {
  description = "Names of the tables by logical name."
  value       = { shipments = module.shipments.name }
}

output "trigger_targets" {
  description = "ARN of what each rule delivers to, by subscription."
  value       = { for name, subscription in module.subscription : name => subscription.target }
}

output "workflows" {
  description = "State machines by <service>.<workflow>: ARN, the alias that triggers start, and the aliases that it invokes."
  value = {
    for name, workflow in { order = module.order_workflow, refund = module.refund_workflow } : "fulfillment.${name}" => {
      name                        = workflow.name
      arn                         = workflow.arn
      alias_arn                   = workflow.alias_arn
      invokes                     = workflow.invokes
    }
  }
}
