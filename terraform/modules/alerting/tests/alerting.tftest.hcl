mock_provider "aws" {
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:123456789012:topic" }
  }
}

variables {
  name        = "tradepost-test"
  kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/0"
}

run "two_encrypted_topics" {
  command = apply

  assert {
    condition     = toset([for topic in aws_sns_topic.this : topic.name]) == toset(["tradepost-test-page", "tradepost-test-inform"])
    error_message = "There must be a page and an inform topic."
  }
  assert {
    condition     = alltrue([for topic in aws_sns_topic.this : topic.kms_master_key_id == var.kms_key_arn])
    error_message = "Topics must be encrypted with the given key."
  }
  assert {
    condition     = output.actions == { page = [aws_sns_topic.this["inform"].arn], inform = [aws_sns_topic.this["inform"].arn] } && output.page_actions == [aws_sns_topic.this["page"].arn]
    error_message = "Single alarms inform, whatever their urgency; what gathers them pages."
  }
}

run "subscribes_each_address" {
  command = plan
  variables {
    page_emails   = ["a@example.com", "b@example.com"]
    inform_emails = ["a@example.com"]
  }
  assert {
    condition     = length(aws_sns_topic_subscription.email) == 3
    error_message = "Each address must get one subscription per topic."
  }
}

run "refuses_what_is_no_address" {
  command = plan
  variables {
    page_emails = ["somebody"]
  }
  expect_failures = [var.page_emails]
}
