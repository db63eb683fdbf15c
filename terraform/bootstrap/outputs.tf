output "state_bucket" {
  description = "Bucket for the states of all environments of the account."
  value       = aws_s3_bucket.this["state"].bucket
}

output "artifact_bucket" {
  description = "Bucket for the ZIPs of all environments of the account."
  value       = aws_s3_bucket.this["artifacts"].bucket
}

output "deploy_role_arn" {
  description = "Role that GitHub Actions assumes to deploy, for the repository's variables DEPLOY_ROLE_ARN_<ENV>; null without github_repository."
  value       = one([for role in aws_iam_role.deploy : role.arn])
}

output "plan_role_arns" {
  description = "Roles that GitHub Actions assumes to plan, by environment, for the repository's variables PLAN_ROLE_ARN_<ENV>."
  value       = { for environment, role in aws_iam_role.plan : environment => role.arn }
}
