output "state_bucket" {
  description = "Bucket for the states of all environments of the account."
  value       = aws_s3_bucket.this["state"].bucket
}

output "artifact_bucket" {
  description = "Bucket for the ZIPs of all environments of the account."
  value       = aws_s3_bucket.this["artifacts"].bucket
}
