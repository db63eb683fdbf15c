# Who did what with the tools of the person on call, when, and how it ended (`make audit`). Apart from the logs of
# functions, and kept longer: it answers questions that are asked months later.
resource "aws_cloudwatch_log_group" "audit" {
  name              = "${local.name}-audit"
  retention_in_days = var.audit_retention_days
  kms_key_id        = module.key.arn
}
