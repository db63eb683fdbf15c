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

variable "low_stock_threshold" {
  description = "The stock of a new article is low while no more than this many are available; PUT /stock/{sku} sets another."
  type        = number

  validation {
    condition     = var.low_stock_threshold >= 0 && floor(var.low_stock_threshold) == var.low_stock_threshold
    error_message = "low_stock_threshold is a whole number from 0."
  }
}
