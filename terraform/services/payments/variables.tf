variable "stack" {
  description = "What the root gives to every service; its type is that of module service."
  type        = any
}

variable "artifact" {
  description = "The service's ZIP in S3."
  type = object({
    bucket = string
    key    = string
  })
}

variable "concurrency" {
  description = "Concurrency by function; see module service."
  type        = any
  default     = {}
}

variable "vpc" {
  description = "Where the functions run that talk to the payment provider: output `vpc` of module network."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
}

variable "payment_provider" {
  description = "The payment provider: base address of its API, seconds to wait for an answer, days between two rotations of its API key (null: none)."
  type = object({
    url               = string
    timeout_seconds   = number
    key_rotation_days = number
  })

  validation {
    condition     = var.payment_provider.timeout_seconds >= 1 && var.payment_provider.timeout_seconds <= 6
    error_message = "payment_provider_timeout_seconds is 1 to 6: charge may wait three times for an answer within its own 55 s."
  }
}

variable "shown_currencies" {
  description = "Currencies whose money the dashboards show, the first as a number on the overview."
  type        = list(string)
  default     = ["EUR", "GBP", "USD"]

  validation {
    condition     = length(var.shown_currencies) > 0 && alltrue([for currency in var.shown_currencies : can(regex("^[A-Z]{3}$", currency))])
    error_message = "shown_currencies takes ISO 4217 codes, at least one: [\"EUR\"]."
  }
}
