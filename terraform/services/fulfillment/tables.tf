# What waits for each parcel, and what became of it. Not the truth about an order: that is the order.
module "shipments" {
  source = "../../modules/table"

  name                   = "${var.stack.name}-shipments"
  hash_key               = "order_id"
  point_in_time_recovery = var.stack.point_in_time_recovery
  deletion_protection    = var.stack.deletion_protection
  kms_key_arn            = var.stack.kms_key_arn
  alarm_actions          = var.stack.alarm_actions
  runbook_base_url       = var.stack.runbook_base_url
}
