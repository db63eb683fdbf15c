output "functions" {
  description = "Functions by <service>.<function>: the deployed name, the alias that triggers invoke and the newest version."
  value = {
    for name, function in module.function : "${var.service}.${name}" => {
      name      = function.name
      alias     = function.alias
      alias_arn = function.alias_arn
      version   = function.version
    }
  }
}

output "canary_alarms" {
  description = "Names of the alarms on the newest version alone, by <service>.<function>."
  value       = { for name, function in module.function : "${var.service}.${name}" => function.canary_alarms }
}

output "failure_queues" {
  description = "URLs of the failure queues by <service>.<function>."
  value       = { for name, function in module.function : "${var.service}.${name}" => function.failure_queue.url }
}

output "function" {
  description = "For the service's own triggers and routes, by name: all outputs of module function."
  value       = module.function
}

output "route_targets" {
  description = "What a route of module rest-api invokes, by name."
  value = {
    for name, function in module.function : name => {
      name             = function.name
      alias            = function.alias
      alias_invoke_arn = function.alias_invoke_arn
    }
  }
}

output "catalog" {
  description = "For the catalog of services: every function and its failure queue."
  value       = concat([], [for function in module.function : function.catalog]...)
}
