# Two secrets: a rotation replaces a value as it was when the rotation began, and would undo what somebody changes meanwhile.
module "provider_secret" {
  source = "../../modules/secret"

  name                    = "${var.stack.name}-payment-provider"
  description             = "The key of the payment provider's API: {\"api_key\", \"api_key_id\"}. Given once by hand, then rotated; see services/payments/README.md."
  kms_key_arn             = var.stack.kms_key_arn
  recovery_window_in_days = var.stack.deletion_protection ? 30 : 0

  rotation = var.payment_provider.key_rotation_days == null ? null : {
    days     = var.payment_provider.key_rotation_days
    function = module.service.function["rotate"]
  }
}

module "webhook_secret" {
  source = "../../modules/secret"

  name                    = "${var.stack.name}-payment-webhooks"
  description             = "What the payment provider signs its webhooks with: {\"signing_secret\"}. Given by hand; see services/payments/README.md."
  kms_key_arn             = var.stack.kms_key_arn
  recovery_window_in_days = var.stack.deletion_protection ? 30 : 0
}
