locals {
  keys = distinct(concat(
    [var.hash_key], var.range_key == null ? [] : [var.range_key],
    flatten([for index in var.indexes : concat([index.hash_key], index.range_key == null ? [] : [index.range_key])]),
  ))
}

resource "aws_dynamodb_table" "this" {
  name         = var.name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = var.hash_key
  range_key    = var.range_key

  deletion_protection_enabled = var.deletion_protection

  # DynamoDB wants the type of every attribute that is a key, and of no other.
  dynamic "attribute" {
    for_each = toset(local.keys)
    content {
      name = attribute.value
      type = lookup(var.key_types, attribute.value, "S")
    }
  }

  dynamic "global_secondary_index" {
    for_each = var.indexes
    content {
      name               = global_secondary_index.key
      hash_key           = global_secondary_index.value.hash_key
      range_key          = global_secondary_index.value.range_key
      projection_type    = length(global_secondary_index.value.attributes) == 0 ? global_secondary_index.value.projection : "INCLUDE"
      non_key_attributes = length(global_secondary_index.value.attributes) == 0 ? null : global_secondary_index.value.attributes
    }
  }

  stream_enabled   = var.stream_view_type != null
  stream_view_type = var.stream_view_type

  dynamic "ttl" {
    for_each = var.ttl_attribute == null ? [] : [var.ttl_attribute]
    content {
      enabled        = true
      attribute_name = ttl.value
    }
  }

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }
}
