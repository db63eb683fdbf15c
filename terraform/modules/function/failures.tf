# Whatever invokes the function without waiting for its answer (an event, a stream) hands what failed for good to this queue.
# An on-failure destination and not a `dead_letter_config`: it keeps the error and the trace beside the event, and changing
# it does not make a version that cannot share an alias with the one before.
module "failures" {
  source = "../queue"

  name             = "${var.name}-failures"
  dead_letters     = false
  kms_key_arn      = var.kms_key_arn
  alarm_actions    = var.alarm_actions
  runbook_base_url = var.runbook_base_url
}

resource "aws_lambda_function_event_invoke_config" "live" {
  function_name                = aws_lambda_function.this.function_name
  qualifier                    = aws_lambda_alias.live.name
  maximum_retry_attempts       = var.async_retries
  maximum_event_age_in_seconds = var.async_max_age_seconds

  destination_config {
    on_failure {
      destination = module.failures.arn
    }
  }

  # AWS checks when it is made that the role may send to the queue.
  depends_on = [aws_iam_role_policy.failures]
}
