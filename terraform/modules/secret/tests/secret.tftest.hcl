mock_provider "aws" {
  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:tradepost-test-provider-AbCdEf" }
  }
}

variables {
  name        = "tradepost-test-provider"
  description = "For the test."
  kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/0"
}

run "is_encrypted_and_can_be_brought_back" {
  command = plan

  assert {
    condition     = aws_secretsmanager_secret.this.kms_key_id == var.kms_key_arn && aws_secretsmanager_secret.this.recovery_window_in_days == 30
    error_message = "The secret must be encrypted with the key and survive a deletion for 30 days."
  }
  assert {
    condition     = length(aws_secretsmanager_secret_rotation.this) + length(aws_lambda_permission.rotation) == 0
    error_message = "Without a function there must be no rotation."
  }
}

run "is_rotated_through_the_alias" {
  command = apply
  variables {
    rotation = {
      days     = 30
      function = { name = "rotate", alias = "live", alias_arn = "arn:aws:lambda:eu-west-1:123456789012:function:rotate:live" }
    }
  }

  assert {
    condition     = endswith(output.rotation_target, ":live") && aws_lambda_permission.rotation[0].qualifier == "live" && aws_lambda_permission.rotation[0].source_arn == aws_secretsmanager_secret.this.arn
    error_message = "Secrets Manager must invoke the alias, for this secret alone."
  }
  assert {
    condition     = aws_secretsmanager_secret_rotation.this[0].rotate_immediately == false && one(aws_secretsmanager_secret_rotation.this[0].rotation_rules[*].automatically_after_days) == 30
    error_message = "A secret without a value must not be rotated at once."
  }
}

run "refuses_out_of_range" {
  command = plan
  variables {
    name                    = "tradepost-secret"
    recovery_window_in_days = 3
    rotation                = { days = 0, function = { name = "rotate", alias = "live", alias_arn = "arn" } }
  }
  expect_failures = [var.name, var.recovery_window_in_days, var.rotation]
}
