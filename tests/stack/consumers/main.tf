# What tests/stack/test_rollout_consumers.py releases: a consumer of a queue, a task of a workflow, and two functions with
# provisioned concurrency, made of the stack's own modules, which are copied beside it. The head of terraform_run.py comes first.
variable "artifact" { type = object({ bucket = string, key = string }) }
variable "kms_key_arn" { type = string }

locals {
  name = "tradepost-consumers"

  # `warm`: environments that are provisioned. Those are released all at once, as nothing calls them here.
  functions = {
    queue    = { warm = null }
    workflow = { warm = null }
    warm     = { warm = 1 }
    cold     = { warm = 1 }
  }

  quiet = { page = [], inform = [] }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  name                    = "${local.name}-${each.key}"
  description             = "For tests of releases."
  handler                 = "consumers.${each.key}.handler"
  artifact                = var.artifact
  timeout                 = 1
  memory_size             = 128
  environment             = {}
  policy_file             = "${path.module}/policy.json"
  log_level_parameter     = "/tradepost/local/log-level/consumers.${each.key}"
  kms_key_arn             = var.kms_key_arn
  provisioned_concurrency = each.value.warm
  canary                  = { period_seconds = 10, min_invocations = 3 }
  alarm_actions           = local.quiet
  runbook_base_url        = "docs/runbooks"
}

module "rollout" {
  source = "./modules/rollout"

  name                 = local.name
  functions            = { for key, one in module.function : "consumers.${key}" => { name = one.name, alarms = one.canary_alarms } }
  strategies           = { "consumers.warm" = "all_at_once", "consumers.cold" = "all_at_once" }
  minutes              = 1
  alarm_period_seconds = 10
}

module "queue" {
  source = "./modules/queue"

  name                     = local.name
  consumer_timeout_seconds = 1
  kms_key_arn              = var.kms_key_arn
  alarm_actions            = local.quiet
  runbook_base_url         = "docs/runbooks"
}

resource "aws_iam_role_policy" "queue" {
  name = "queue"
  role = module.function["queue"].role_name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
      Resource = [module.queue.arn]
    }]
  })
}

resource "aws_lambda_event_source_mapping" "queue" {
  event_source_arn        = module.queue.arn
  function_name           = module.function["queue"].alias_arn
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]
  depends_on              = [aws_iam_role_policy.queue]
}

resource "aws_iam_role" "workflow" {
  name = "${local.name}-machine"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "states.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "workflow" {
  name = "invoke"
  role = aws_iam_role.workflow.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = [module.function["workflow"].alias_arn]
    }]
  })
}

resource "aws_sfn_state_machine" "this" {
  name       = local.name
  role_arn   = aws_iam_role.workflow.arn
  depends_on = [aws_iam_role_policy.workflow]

  definition = jsonencode({
    QueryLanguage = "JSONata"
    StartAt       = "Work"
    States = {
      Work = {
        Type      = "Task"
        Resource  = "arn:aws:states:::lambda:invoke"
        Arguments = { FunctionName = module.function["workflow"].alias_arn, Payload = "{% $states.input %}" }
        Output    = "{% $states.result.Payload %}"
        Retry     = [{ ErrorEquals = ["States.ALL"], IntervalSeconds = 1, MaxAttempts = 8, BackoffRate = 1 }]
        End       = true
      }
    }
  })
}

output "functions" {
  value = {
    for key, one in module.function : "consumers.${key}" => {
      name             = one.name
      alias            = one.alias
      version          = one.version
      deployment_group = module.rollout.groups["consumers.${key}"]
      canary_alarms    = one.canary_alarms
    }
  }
}

output "codedeploy_application" { value = module.rollout.application }
output "deployment_hook" { value = module.rollout.hook }
output "queue" { value = module.queue }
output "state_machine" { value = aws_sfn_state_machine.this.arn }
