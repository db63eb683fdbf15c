variable "name" {
  description = "Name of the schedule: tradepost-<env>-<service>-<function>."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,54}$", var.name))
    error_message = "name is lower case letters, digits and hyphens, at most 55 characters, so that <name>-schedule fits a role's 64."
  }
}

variable "description" {
  description = "One line on what happens and why, as shown in the console."
  type        = string
}

variable "expression" {
  description = "When: rate(1 minute), cron(0 6 * * ? *) or at(2026-01-31T06:00:00)."
  type        = string

  validation {
    condition     = can(regex("^(rate\\([1-9][0-9]* (minute|minutes|hour|hours|day|days)\\)|cron\\([^()]+\\)|at\\([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\))$", var.expression))
    error_message = "expression is rate(<n> minutes|hours|days), cron(<six fields>) or at(<yyyy-mm-ddThh:mm:ss>)."
  }
}

variable "timezone" {
  description = "IANA time zone in which cron and at are meant; changes to summer time are followed."
  type        = string
  default     = "UTC"
}

variable "enabled" {
  description = "Whether it runs; false keeps it without running it."
  type        = bool
  default     = true
}

variable "input" {
  description = "JSON text that the function gets; <aws.scheduler.scheduled-time> and the like are replaced. null gives Scheduler's own event."
  type        = string
  default     = null

  validation {
    condition     = var.input == null || can(jsondecode(var.input))
    error_message = "input is a JSON text: jsonencode({ ... })."
  }
}

variable "function_name" {
  description = "Name of the function, for the role's description."
  type        = string
}

variable "alias_arn" {
  description = "ARN of the alias that is invoked."
  type        = string

  validation {
    condition     = can(regex(":function:[A-Za-z0-9_-]+:[A-Za-z][A-Za-z0-9_-]*$", var.alias_arn))
    error_message = "alias_arn must end with an alias (...:function:<name>:live): a schedule on the bare function bypasses canary and rollback."
  }
}

variable "failure_queue_arn" {
  description = "ARN of the SQS queue that gets what could not be delivered."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that encrypts the schedule's input; null uses a key of AWS's."
  type        = string
  default     = null
}

variable "max_retries" {
  description = "Retries (0 to 185) of a delivery that Lambda did not accept. What the function itself fails at is retried by its own settings."
  type        = number
  default     = 5

  validation {
    condition     = var.max_retries >= 0 && var.max_retries <= 185
    error_message = "max_retries is 0 to 185."
  }
}

variable "max_age_seconds" {
  description = "Age in seconds (60 to 86400) at which a delivery that is not accepted goes to the failure queue. For a job that runs again soon, about the time between two runs."
  type        = number
  default     = 3600

  validation {
    condition     = var.max_age_seconds >= 60 && var.max_age_seconds <= 86400
    error_message = "max_age_seconds is 60 to 86400 (a day)."
  }
}
