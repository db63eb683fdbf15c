locals {
  alias = "live"
}

# First, and from the name: a function that logs before its group exists makes one without retention and without the key.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  description   = var.description
  role          = aws_iam_role.this.arn

  # From S3: the provider creates functions in parallel; with `filename` it takes them one by one.
  s3_bucket     = var.artifact.bucket
  s3_key        = var.artifact.key
  handler       = var.handler
  runtime       = var.runtime
  architectures = [var.architecture]
  layers        = var.layers

  memory_size                    = var.memory_size
  timeout                        = var.timeout
  reserved_concurrent_executions = var.reserved_concurrency == null ? -1 : var.reserved_concurrency
  kms_key_arn                    = var.kms_key_arn
  publish                        = true

  environment {
    variables = merge(var.environment, { LOG_LEVEL_PARAMETER = var.log_level_parameter })
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.this.name
    application_log_level = "DEBUG" # part of a version: the function filters by itself, so that its level can change without one
    system_log_level      = "INFO"
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "vpc_config" {
    for_each = var.vpc == null ? [] : [var.vpc]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  # Lets go of the network interfaces at destroy; waiting for AWS to collect them takes 20 minutes and more.
  replace_security_groups_on_destroy = var.vpc == null ? null : true

  lifecycle {
    precondition {
      condition     = var.reserved_concurrency == null || try(var.reserved_concurrency >= var.provisioned_concurrency, true)
      error_message = "${var.name}: provisioned_concurrency (${coalesce(var.provisioned_concurrency, 0)}) needs at least as much reserved_concurrency; raise reserved_concurrency or leave it null."
    }
  }

  depends_on = [
    aws_cloudwatch_log_group.this,
    aws_iam_role_policy.runtime,
    aws_iam_role_policy.code,
  ]
}

# Terraform makes the alias; the release moves it. Two owners of the version would undo each other's work.
resource "aws_lambda_alias" "live" {
  name             = local.alias
  description      = "What every trigger invokes. Moved by the release, never by Terraform."
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version

  lifecycle {
    ignore_changes = [function_version, routing_config]
  }
}

resource "aws_lambda_provisioned_concurrency_config" "live" {
  count = var.provisioned_concurrency == null ? 0 : 1

  function_name                     = aws_lambda_function.this.function_name
  qualifier                         = aws_lambda_alias.live.name
  provisioned_concurrent_executions = var.provisioned_concurrency
}
