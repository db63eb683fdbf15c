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

variable "inventory_stock_arn" {
  description = "ARN of the alias of inventory.stock."
  type        = string
}

variable "payments_charge_arn" {
  description = "ARN of the alias of payments.charge."
  type        = string
}

variable "orders_commands_arn" {
  description = "ARN of the alias of orders.commands."
  type        = string
}

variable "dispatch" {
  description = "How long an order waits for its parcel: a reminder every reminder_hours, at most `reminders` of them, then it is rejected."
  type = object({
    reminder_hours = optional(number, 24)
    reminders      = optional(number, 3)
  })
  default = {}

  validation {
    condition     = var.dispatch.reminder_hours > 0 && var.dispatch.reminders >= 0 && var.dispatch.reminder_hours * (var.dispatch.reminders + 1) <= 24 * 28
    error_message = "dispatch.reminder_hours is above 0 and the whole wait at most 28 days: then authorized payments lapse."
  }
}
