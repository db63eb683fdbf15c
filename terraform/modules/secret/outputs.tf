output "arn" {
  description = "ARN of the secret, with the random end that Secrets Manager gives it."
  value       = aws_secretsmanager_secret.this.arn
}

output "rotation_target" {
  description = "ARN of what rotates the secret; null without rotation."
  value       = one(aws_secretsmanager_secret_rotation.this[*].rotation_lambda_arn)
}
