# The orders themselves: an order is the fold of its events. Its stream is the only publisher.
module "order_events" {
  source = "../../modules/table"

  name                   = "${var.stack.name}-order-events"
  hash_key               = "order_id"
  range_key              = "sequence"
  key_types              = { sequence = "N" }
  stream_view_type       = "NEW_IMAGE"
  point_in_time_recovery = var.stack.point_in_time_recovery
  deletion_protection    = var.stack.deletion_protection
  kms_key_arn            = var.stack.kms_key_arn
  alarm_actions          = var.stack.alarm_actions
  runbook_base_url       = var.stack.runbook_base_url
}

# For reading: rebuilt from order-events at any time by the function replay.
module "orders_view" {
  source = "../../modules/table"

  name     = "${var.stack.name}-orders-view"
  hash_key = "order_id"
  indexes = {
    by_partner        = { hash_key = "partner_id", range_key = "order_id" }
    by_partner_status = { hash_key = "partner_status", range_key = "order_id" }
  }
  point_in_time_recovery = var.stack.point_in_time_recovery
  deletion_protection    = var.stack.deletion_protection
  kms_key_arn            = var.stack.kms_key_arn
  alarm_actions          = var.stack.alarm_actions
  runbook_base_url       = var.stack.runbook_base_url
}

# Answers that were given, for 24 hours, by the key that the caller chose.
module "orders_idempotency" {
  source = "../../modules/table"

  name                   = "${var.stack.name}-orders-idempotency"
  hash_key               = "idempotency_key"
  ttl_attribute          = "expires_at"
  point_in_time_recovery = var.stack.point_in_time_recovery
  deletion_protection    = var.stack.deletion_protection
  kms_key_arn            = var.stack.kms_key_arn
  alarm_actions          = var.stack.alarm_actions
  runbook_base_url       = var.stack.runbook_base_url
}
