locals {
  tables = {
    # One item per article. Its stream tells each change with the item before and after.
    stock = { hash_key = "sku", stream_view_type = "NEW_AND_OLD_IMAGES" }

    # One item per order, for good: a command that comes late must find how the order ended.
    # by_due is sparse: only reservations that hold stock have a due_shard.
    stock_reservations = { hash_key = "order_id", indexes = { by_due = { hash_key = "due_shard", range_key = "expires_at" } } }

    # Changes of the stock by hand, for good: who changed what, when and why.
    stock_adjustments = { hash_key = "adjustment_id" }

    # Answers that were given, for 24 hours, by the key that the caller chose.
    inventory_idempotency = { hash_key = "idempotency_key", ttl_attribute = "expires_at" }
  }
}

module "table" {
  source   = "../../modules/table"
  for_each = local.tables

  name                   = "${var.stack.name}-${replace(each.key, "_", "-")}"
  hash_key               = each.value.hash_key
  indexes                = lookup(each.value, "indexes", {})
  stream_view_type       = lookup(each.value, "stream_view_type", null)
  ttl_attribute          = lookup(each.value, "ttl_attribute", null)
  point_in_time_recovery = var.stack.point_in_time_recovery
  deletion_protection    = var.stack.deletion_protection
  kms_key_arn            = var.stack.kms_key_arn
  alarm_actions          = var.stack.alarm_actions
  runbook_base_url       = var.stack.runbook_base_url
}
