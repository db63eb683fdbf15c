mock_provider "aws" {}

variables {
  name             = "tradepost-test-orders-view"
  hash_key         = "order_id"
  kms_key_arn      = "arn:aws:kms:eu-west-1:123456789012:key/0"
  alarm_actions    = { page = ["arn:aws:sns:eu-west-1:123456789012:page"], inform = ["arn:aws:sns:eu-west-1:123456789012:inform"] }
  runbook_base_url = "https://example.com/runbooks"
}

run "loses_nothing_by_default" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.this.deletion_protection_enabled && aws_dynamodb_table.this.point_in_time_recovery[0].enabled
    error_message = "Deletion protection and recovery must be on by default."
  }
  assert {
    condition     = aws_dynamodb_table.this.server_side_encryption[0].kms_key_arn == var.kms_key_arn && aws_dynamodb_table.this.billing_mode == "PAY_PER_REQUEST"
    error_message = "The table must be encrypted with the key and paid by request."
  }
  assert {
    condition     = !aws_dynamodb_table.this.stream_enabled && output.stream_arn == null && length(aws_dynamodb_table.this.ttl) == 0
    error_message = "No stream and no expiry unless asked for."
  }
}

run "keys_indexes_stream_and_ttl" {
  command = plan
  variables {
    range_key        = "sequence"
    key_types        = { sequence = "N" }
    stream_view_type = "NEW_IMAGE"
    ttl_attribute    = "expires_at"
    indexes = {
      by_partner = { hash_key = "partner_id", range_key = "order_id" }
      by_status  = { hash_key = "status", attributes = ["total"] }
    }
  }

  assert {
    condition     = { for a in aws_dynamodb_table.this.attribute : a.name => a.type } == { order_id = "S", sequence = "N", partner_id = "S", status = "S" }
    error_message = "Each key must be declared once with its type."
  }
  assert {
    condition     = { for i in aws_dynamodb_table.this.global_secondary_index : i.name => i.projection_type } == { by_partner = "ALL", by_status = "INCLUDE" }
    error_message = "Indexes must project all, or only the listed attributes."
  }
  assert {
    condition     = aws_dynamodb_table.this.stream_view_type == "NEW_IMAGE" && one(aws_dynamodb_table.this.ttl).attribute_name == "expires_at"
    error_message = "Stream and expiry must be as asked."
  }
  assert {
    condition     = one([for q in aws_cloudwatch_metric_alarm.throttles.metric_query : q.expression if q.expression != null]) == "FILL(index_by_partner_read, 0) + FILL(index_by_partner_write, 0) + FILL(index_by_status_read, 0) + FILL(index_by_status_write, 0) + FILL(table_read, 0) + FILL(table_write, 0)"
    error_message = "The alarm must add the throttles of the table and of each index."
  }
}

run "refuses_bad_values" {
  command = plan
  variables {
    name             = "T"
    key_types        = { order_id = "X" }
    stream_view_type = "EVERYTHING"
    indexes          = { by_partner = { hash_key = "partner_id", projection = "SOME" } }
  }
  expect_failures = [var.name, var.key_types, var.stream_view_type, var.indexes]
}

run "refuses_more_indexes_than_the_alarm_can_add" {
  command = plan
  variables {
    indexes = { for name in ["by_a", "by_b", "by_c", "by_d", "by_e"] : name => { hash_key = name } }
  }
  expect_failures = [var.indexes]
}
