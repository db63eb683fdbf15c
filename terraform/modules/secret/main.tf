# Its value never passes through Terraform: neither the configuration nor the state has it.
resource "aws_secretsmanager_secret" "this" {
  name                    = var.name
  description             = var.description
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.recovery_window_in_days
}

resource "aws_lambda_permission" "rotation" {
  count = var.rotation == null ? 0 : 1

  statement_id  = "SecretRotation"
  action        = "lambda:InvokeFunction"
  function_name = var.rotation.function.name
  qualifier     = var.rotation.function.alias
  principal     = "secretsmanager.amazonaws.com"
  source_arn    = aws_secretsmanager_secret.this.arn
}

resource "aws_secretsmanager_secret_rotation" "this" {
  count = var.rotation == null ? 0 : 1

  secret_id           = aws_secretsmanager_secret.this.id
  rotation_lambda_arn = var.rotation.function.alias_arn
  rotate_immediately  = false # it has no value yet; its owner gives it one

  rotation_rules {
    automatically_after_days = var.rotation.days
  }

  depends_on = [aws_lambda_permission.rotation]
}
