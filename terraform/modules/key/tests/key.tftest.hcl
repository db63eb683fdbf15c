mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
}

variables {
  name        = "tradepost-test"
  description = "test"
}

run "rotates_and_keeps_the_longest_window" {
  command = plan

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "The key must rotate and be recoverable for 30 days by default."
  }
  assert {
    condition     = aws_kms_alias.this.name == "alias/tradepost-test"
    error_message = "The alias must carry the name."
  }
}

run "opens_to_this_account_only" {
  command = plan

  assert {
    condition = alltrue([
      for s in jsondecode(aws_kms_key.this.policy).Statement :
      strcontains(jsonencode(s), "123456789012")
    ])
    error_message = "Every statement of the key policy must be bound to this account."
  }
  assert {
    condition = alltrue([
      for s in jsondecode(aws_kms_key.this.policy).Statement :
      s.Principal != { AWS = "*" } || can(s.Condition.StringEquals["kms:CallerAccount"])
    ])
    error_message = "A statement for any principal must name the caller's account."
  }
}

run "refuses_a_short_window" {
  command = plan
  variables {
    deletion_window_in_days = 1
  }
  expect_failures = [var.deletion_window_in_days]
}
