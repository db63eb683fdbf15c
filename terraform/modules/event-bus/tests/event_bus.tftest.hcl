mock_provider "aws" {
  mock_resource "aws_cloudwatch_event_bus" {
    defaults = { arn = "arn:aws:events:eu-west-1:123456789012:event-bus/tradepost-test" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
}

variables {
  name         = "tradepost-test"
  archive_days = 30
}

run "archives_everything_and_is_closed" {
  command = apply

  assert {
    condition     = aws_cloudwatch_event_archive.this.event_source_arn == aws_cloudwatch_event_bus.this.arn && aws_cloudwatch_event_archive.this.event_pattern == null
    error_message = "The archive must take every event of the bus."
  }
  assert {
    condition     = alltrue([for s in jsondecode(aws_cloudwatch_event_bus_policy.this.policy).Statement : s.Effect == "Deny"])
    error_message = "The policy of the bus must open it to nobody."
  }
}

run "refuses_half_days" {
  command = plan
  variables {
    archive_days = 0.5
  }
  expect_failures = [var.archive_days]
}
