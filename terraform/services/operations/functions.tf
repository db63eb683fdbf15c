data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  names = { deploy_check = "${local.prefix}-deploy-check" }
  scope = "${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}"

  # What the files in services/operations/policies may grant on. From names: the function is among those it checks, and
  # its role must be there before it.
  resources = {
    deployments = ["arn:${data.aws_partition.current.partition}:codedeploy:${local.scope}:deploymentgroup:${var.application}/*"]
    versions = [
      for name in sort(concat(var.checked_functions, [local.names["deploy_check"]])) :
      "arn:${data.aws_partition.current.partition}:lambda:${local.scope}:function:${name}:*" # versions, never $LATEST alone
    ]
  }

  functions = {
    deploy_check = {
      description = "Hook of every deployment: asks the new version for its health before it gets traffic."
      timeout     = 60 # a check may wait three times for a cold start
      memory_size = 512
      alarms      = {}
      canary      = {}
    }
  }
}

module "function" {
  source   = "../../modules/function"
  for_each = local.functions

  name         = local.names[each.key]
  description  = each.value.description
  handler      = "${local.service}.handlers.${each.key}.handler"
  artifact     = var.artifact
  layers       = [var.stack.layer_arn]
  architecture = var.stack.architecture
  timeout      = each.value.timeout
  memory_size  = each.value.memory_size

  environment = {
    ENVIRONMENT                  = var.stack.environment
    POWERTOOLS_LOG_LEVEL         = var.stack.log_level
    POWERTOOLS_METRICS_NAMESPACE = var.stack.name # environments that share an account must not add up
    POWERTOOLS_SERVICE_NAME      = local.service
  }

  policy_file = "${local.source}/policies/${each.key}.json"
  resources   = local.resources

  log_level          = var.stack.log_level
  log_retention_days = var.stack.log_retention_days
  kms_key_arn        = var.stack.kms_key_arn
  alarms             = each.value.alarms
  canary             = merge(var.stack.canary, each.value.canary)
  alarm_actions      = var.stack.alarm_actions
  runbook_base_url   = var.stack.runbook_base_url
}
