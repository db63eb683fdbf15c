# One item per payment (record "payment"), and one per webhook that was taken in, which goes after its time.
module "payments" {
  source = "../../modules/table"

  name                   = "${var.stack.name}-payments"
  hash_key               = "order_id"
  range_key              = "record"
  ttl_attribute          = "expires_at"
  point_in_time_recovery = var.stack.point_in_time_recovery
  deletion_protection    = var.stack.deletion_protection
  kms_key_arn            = var.stack.kms_key_arn
  alarm_actions          = var.stack.alarm_actions
  runbook_base_url       = var.stack.runbook_base_url
}
