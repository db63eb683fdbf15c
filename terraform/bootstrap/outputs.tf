output "state_bucket" {
  description = "Bucket for the states of all environments of the account."
  value       = aws_s3_bucket.this["state"].bucket
}

output "artifact_bucket" {
  description = "Bucket for the ZIPs of all environments of the account."
  value       = aws_s3_bucket.this["artifacts"].bucket
}

output "deploy_role_arn" {
  description = "Role that GitHub Actions assumes to deploy; null without github_repository."
  value       = one([for role in aws_iam_role.deploy : role.arn])
}
