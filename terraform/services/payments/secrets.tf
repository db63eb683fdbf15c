module "provider_secret" {
  source = "../../modules/secret"

  name                    = "${var.stack.name}-payment-provider"
  description             = "Credentials at the payment provider: {\"api_key\", \"api_key_id\", \"webhook_secret\"}. Given once by hand, then the key is rotated; see services/payments/README.md."
  kms_key_arn             = var.stack.kms_key_arn
  recovery_window_in_days = var.stack.deletion_protection ? 30 : 0

  rotation = var.payment_provider.key_rotation_days == null ? null : {
    days     = var.payment_provider.key_rotation_days
    function = module.service.function["rotate"]
  }
}
