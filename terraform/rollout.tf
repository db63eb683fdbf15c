# Functions of all services; each is released by itself.
locals {
  functions     = merge([for service in local.services : service.functions]...)
  canary_alarms = merge([for service in local.services : service.canary_alarms]...)
}

module "rollout" {
  source = "./modules/rollout"

  name                 = local.name
  functions            = { for key, function in local.functions : key => { name = function.name, alarms = local.canary_alarms[key] } }
  default_strategy     = var.rollout.strategy
  strategies           = var.rollout.strategies
  percent              = var.rollout.percent
  minutes              = var.rollout.minutes
  hook                 = module.operations.deployment_hook
  alarm_period_seconds = var.rollout.alarm_period_seconds
}
