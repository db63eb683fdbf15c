# What all functions of all services have in common is said here once; a service says what is its own.
locals {
  prefix = "${var.stack.name}-${var.service}"
  source = "${var.stack.source_root}/services/${var.service}"
}

module "function" {
  source   = "../function"
  for_each = var.functions

  name         = "${local.prefix}-${replace(each.key, "_", "-")}"
  description  = each.value.description
  handler      = "${var.service}.handlers.${each.key}.handler"
  artifact     = var.artifact
  layers       = [var.stack.layer_arn]
  architecture = var.stack.architecture
  timeout      = each.value.timeout
  memory_size  = each.value.memory_size
  vpc          = each.value.in_vpc ? var.vpc : null

  environment = merge({
    ENVIRONMENT                  = var.stack.environment
    POWERTOOLS_LOG_LEVEL         = var.stack.log_level
    POWERTOOLS_METRICS_NAMESPACE = var.stack.name # environments that share an account must not add up
    POWERTOOLS_SERVICE_NAME      = var.service
  }, [for name in each.value.uses : lookup(var.settings, name, {})]...)

  policy_file = "${local.source}/policies/${each.key}.json"
  resources   = var.resources

  reserved_concurrency    = try(var.concurrency[each.key].reserved, null)
  provisioned_concurrency = try(var.concurrency[each.key].provisioned, null)

  log_level_parameter = "/${replace(var.stack.name, "-", "/")}/log-level/${var.service}.${each.key}"

  log_retention_days = var.stack.log_retention_days
  kms_key_arn        = var.stack.kms_key_arn
  stage              = each.value.stage
  alarms             = each.value.alarms
  canary             = merge(var.stack.canary, each.value.canary)
  alarm_actions      = var.stack.alarm_actions
  runbook_base_url   = var.stack.runbook_base_url
}
