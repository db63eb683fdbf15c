data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  # From the names and not from the resources: a queue's own policy cannot refer to the queue, and a policy or redrive
  # resource of its own would take another 25 s of the provider's waiting.
  arn_prefix = "arn:${data.aws_partition.current.partition}:sqs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}"

  dead_letter_name = "${var.name}-dead-letters"
  names            = var.dead_letters ? [var.name, local.dead_letter_name] : [var.name]
  failure_queue    = var.dead_letters ? local.dead_letter_name : var.name
}

resource "aws_sqs_queue" "this" {
  name                       = var.name
  visibility_timeout_seconds = 6 * var.consumer_timeout_seconds
  message_retention_seconds  = var.retention_days * 86400
  receive_wait_time_seconds  = 20
  kms_master_key_id          = var.kms_key_arn
  policy                     = local.policies[var.name]

  redrive_policy = var.dead_letters ? jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters[0].arn
    maxReceiveCount     = var.max_receives
  }) : null
}

resource "aws_sqs_queue" "dead_letters" {
  count = var.dead_letters ? 1 : 0

  name                      = local.dead_letter_name
  message_retention_seconds = 14 * 86400
  receive_wait_time_seconds = 20
  kms_master_key_id         = var.kms_key_arn
  policy                    = local.policies[local.dead_letter_name]

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = ["${local.arn_prefix}:${var.name}"]
  })
}

locals {
  policies = {
    for name in local.names : name => jsonencode({
      Version = "2012-10-17"
      Statement = concat(
        [{
          Sid       = "TlsOnly"
          Effect    = "Deny"
          Principal = "*"
          Action    = "sqs:*"
          Resource  = "${local.arn_prefix}:${name}"
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        }],
        length(var.rules) == 0 || name != var.name ? [] : [{
          Sid       = "RulesSend"
          Effect    = "Allow"
          Principal = { Service = "events.amazonaws.com" }
          Action    = "sqs:SendMessage"
          Resource  = "${local.arn_prefix}:${name}"
          Condition = { ArnEquals = { "aws:SourceArn" = var.rules } }
        }],
      )
    })
  }
}
