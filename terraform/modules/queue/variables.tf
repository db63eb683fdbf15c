variable "name" {
  description = "Name of the queue; its dead letter queue is <name>-dead-letters."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,66}$", var.name))
    error_message = "name is lower case letters, digits and hyphens, at most 67 characters, so that <name>-dead-letters fits into 80."
  }
}

variable "dead_letters" {
  description = "Whether a consumer's failures go to a dead letter queue. False makes a failure queue: the end of the line, read by people."
  type        = bool
  default     = true
}

variable "consumer_timeout_seconds" {
  description = "Time-out of the consumer in seconds. The visibility time-out is six times it, so that a slow batch is not delivered twice at once."
  type        = number
  default     = 30

  validation {
    condition     = var.consumer_timeout_seconds >= 1 && var.consumer_timeout_seconds <= 900
    error_message = "consumer_timeout_seconds is 1 to 900, the limits of a Lambda time-out."
  }
}

variable "max_receives" {
  description = "Deliveries of a message before it becomes a dead letter."
  type        = number
  default     = 5

  validation {
    condition     = var.max_receives >= 1 && var.max_receives <= 1000
    error_message = "max_receives is 1 to 1000; below 5 a throttled consumer turns healthy messages into dead letters."
  }
}

variable "retention_days" {
  description = "Days that a message is kept (1 to 14)."
  type        = number
  default     = 14

  validation {
    condition     = var.retention_days >= 1 && var.retention_days <= 14
    error_message = "retention_days is 1 to 14, the limits of SQS."
  }
}

variable "rules" {
  description = "ARNs of EventBridge rules that may send to the queue: rules have no role of their own for it."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.rules : can(regex("^arn:[^:]+:events:[^:]+:[^:]*:rule/", arn))])
    error_message = "rules are ARNs of rules: arn:aws:events:<region>:<account>:rule/<bus>/<name>."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the messages."
  type        = string
}

variable "max_failure_age_minutes" {
  description = "Minutes that a failed message may wait before someone is paged."
  type        = number
  default     = 240
}

variable "max_backlog_age_minutes" {
  description = "Minutes that a message may wait for its consumer before someone is paged."
  type        = number
  default     = 15
}

variable "alarm_actions" {
  description = "Alarm actions by urgency, the output `actions` of module alerting."
  type = object({
    page   = list(string)
    inform = list(string)
  })
}

variable "runbook_base_url" {
  description = "Address of the folder docs/runbooks, without a slash at its end."
  type        = string
}
