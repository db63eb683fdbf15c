module "service" {
  source = "../../modules/service"

  service     = "payments"
  stack       = var.stack
  artifact    = var.artifact
  concurrency = var.concurrency
  vpc         = var.vpc

  functions = {
    charge = {
      description = "Commands of the order workflow: authorize, capture, void and refund at the payment provider."
      uses        = ["payments", "payment_provider"]
      # Above one exchange with the provider at its worst and the writes around it; it begins none for which too little is left.
      # Below the 60 s after which the workflow gives an attempt up.
      timeout     = 55
      memory_size = 1024 # half a second less of cold start than with 512: it imports an HTTP client
      in_vpc      = true
      canary      = { p99_ms = 10000 } # most of it is the provider's
    }
    webhook = {
      description = "Takes in the webhooks of the payment provider."
      stage       = "requests"
      uses        = ["payments", "webhook_secret"]
      timeout     = 20
    }
    api = {
      description = "The payments API: shows a partner the payments of its orders."
      stage       = "requests"
      uses        = ["payments"]
      timeout     = 20
      canary      = { p99_ms = 3000 }
    }
    rotate = {
      description = "Rotates the API key of the payment provider when Secrets Manager asks for it."
      uses        = ["payment_provider"]
      timeout     = 60
      in_vpc      = true
    }
  }

  settings = {
    payments       = { PAYMENTS_TABLE = module.payments.name }
    webhook_secret = { PAYMENT_WEBHOOK_SECRET = module.webhook_secret.arn }
    payment_provider = {
      PAYMENT_PROVIDER_SECRET          = module.provider_secret.arn
      PAYMENT_PROVIDER_TIMEOUT_SECONDS = tostring(var.payment_provider.timeout_seconds)
      PAYMENT_PROVIDER_URL             = trimsuffix(var.payment_provider.url, "/")
    }
  }

  # What the files in services/payments/policies may grant on.
  resources = {
    payments        = [module.payments.arn]
    provider_secret = [module.provider_secret.arn]
    webhook_secret  = [module.webhook_secret.arn]
  }
}
