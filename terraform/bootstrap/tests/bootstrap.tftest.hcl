mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/logs" }
  }
}

run "buckets_are_private_versioned_and_kept" {
  command = apply

  assert {
    condition     = output.state_bucket == "tradepost-state-123456789012-eu-west-1" && output.artifact_bucket == "tradepost-artifacts-123456789012-eu-west-1"
    error_message = "The names must be those that the stack and its wrapper compute."
  }
  assert {
    condition     = alltrue([for bucket in aws_s3_bucket.this : !bucket.force_destroy]) && alltrue([for versioning in aws_s3_bucket_versioning.this : versioning.versioning_configuration[0].status == "Enabled"])
    error_message = "States must survive a mistake: versions, and no destroy of a full bucket."
  }
  assert {
    condition     = alltrue([for block in aws_s3_bucket_public_access_block.this : block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets])
    error_message = "Nothing may be public."
  }
  assert {
    condition     = length(aws_s3_bucket_policy.this) == 2 && alltrue([for policy in aws_s3_bucket_policy.this : strcontains(policy.policy, "aws:SecureTransport")])
    error_message = "Both buckets must refuse plain HTTP."
  }
  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this) == 2 && length(aws_api_gateway_account.this) == 1
    error_message = "Old versions expire, and API Gateway gets its role."
  }
}

run "what_can_be_left_out" {
  command = plan
  variables {
    noncurrent_version_days    = null
    manage_api_gateway_account = false
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this) == 0 && length(aws_api_gateway_account.this) == 0 && length(aws_iam_role.api_gateway_logs) == 0
    error_message = "Expiry and the account's setting must be optional."
  }
}

run "refuses_to_forget_states_early" {
  command = plan
  variables {
    noncurrent_version_days = 1
  }
  expect_failures = [var.noncurrent_version_days]
}
