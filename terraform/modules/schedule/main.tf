data "aws_caller_identity" "current" {}

# Scheduler calls the function and hands over what it could not deliver with this role, and no other schedule may take it.
resource "aws_iam_role" "this" {
  name        = "${var.name}-schedule"
  description = "Lets EventBridge Scheduler invoke ${var.function_name}."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "invoke"
  role = aws_iam_role.this.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "InvokeTheAlias"
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = [var.alias_arn]
      },
      {
        Sid      = "KeepWhatFailed"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [var.failure_queue_arn]
      },
    ]
  })
}

resource "aws_scheduler_schedule" "this" {
  name        = var.name
  description = var.description
  state       = var.enabled ? "ENABLED" : "DISABLED"
  kms_key_arn = var.kms_key_arn

  schedule_expression          = var.expression
  schedule_expression_timezone = var.timezone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.alias_arn
    role_arn = aws_iam_role.this.arn
    input    = var.input

    retry_policy {
      maximum_retry_attempts       = var.max_retries
      maximum_event_age_in_seconds = var.max_age_seconds
    }

    dead_letter_config {
      arn = var.failure_queue_arn
    }
  }

  # AWS checks that the role may be taken when the schedule is made; what it may do must be there before the first run.
  depends_on = [aws_iam_role_policy.this]
}
