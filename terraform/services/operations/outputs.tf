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

output "failure_queues" {
  description = "URLs of the failure queues by function."
  value       = { for name, function in module.function : "${local.service}.${name}" => function.failure_queue.url }
}

output "deployment_hook" {
  description = "Name and alias of the function that checks each new version."
  value       = { name = module.function["deploy_check"].name, alias = module.function["deploy_check"].alias }
}
