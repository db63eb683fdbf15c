# On the role by its name: the function knows nothing of its triggers.
resource "aws_iam_role_policy" "this" {
  name = "stream-${var.name}"
  role = var.role_name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadTheStream"
        Effect   = "Allow"
        Action   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
        Resource = [var.stream_arn]
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

resource "aws_lambda_event_source_mapping" "this" {
  event_source_arn = var.stream_arn
  function_name    = var.alias_arn

  # From the oldest record: LATEST would skip what is written while the mapping is being made.
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = var.batch_size
  maximum_batching_window_in_seconds = var.batching_window_seconds
  parallelization_factor             = var.parallelization_factor

  # One record that always fails must neither block its shard nor be lost.
  function_response_types        = ["ReportBatchItemFailures"]
  bisect_batch_on_function_error = true
  maximum_retry_attempts         = var.max_retries
  maximum_record_age_in_seconds  = var.max_record_age_seconds

  destination_config {
    on_failure {
      destination_arn = var.failure_queue_arn
    }
  }

  dynamic "filter_criteria" {
    for_each = length(var.filters) == 0 ? [] : [var.filters]
    content {
      dynamic "filter" {
        for_each = filter_criteria.value
        content {
          pattern = filter.value
        }
      }
    }
  }

  # Without it nothing tells a mapping that is disabled from one that has nothing to do.
  metrics_config {
    metrics = ["EventCount"]
  }

  # AWS checks the role's rights when the mapping is made.
  depends_on = [aws_iam_role_policy.this]
}
