variable "name" {
  description = "Logical name of the stream, part of the policy's name: order-events."
  type        = string
}

variable "stream_arn" {
  description = "ARN of the DynamoDB stream."
  type        = string
}

variable "function_name" {
  description = "Name of the function, for its alarm."
  type        = string
}

variable "alias_arn" {
  description = "ARN of the alias that gets the records."
  type        = string

  validation {
    condition     = can(regex(":function:[A-Za-z0-9_-]+:[A-Za-z][A-Za-z0-9_-]*$", var.alias_arn))
    error_message = "alias_arn must end with an alias (...:function:<name>:live): a mapping on the bare function bypasses canary and rollback."
  }
}

variable "role_name" {
  description = "Name of the function's role, which gets the rights to read the stream and to keep failures."
  type        = string
}

variable "failure_queue_arn" {
  description = "ARN of the SQS queue that gets a pointer to each batch that failed for good."
  type        = string
}

variable "filters" {
  description = "Event patterns (JSON texts) of the records to deliver; empty delivers all."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.filters) <= 5 && alltrue([for pattern in var.filters : can(jsondecode(pattern))])
    error_message = "filters takes at most 5 patterns, each a JSON text: jsonencode({ eventName = [\"INSERT\"] })."
  }
}

variable "batch_size" {
  description = "Most records in one invocation (1 to 10000)."
  type        = number
  default     = 100

  validation {
    condition     = var.batch_size >= 1 && var.batch_size <= 10000
    error_message = "batch_size is 1 to 10000."
  }
}

variable "batching_window_seconds" {
  description = "Seconds (0 to 300) to wait for a fuller batch."
  type        = number
  default     = 0

  validation {
    condition     = var.batching_window_seconds >= 0 && var.batching_window_seconds <= 300
    error_message = "batching_window_seconds is 0 to 300."
  }
}

variable "parallelization_factor" {
  description = "Batches of one shard at a time (1 to 10); records of one item stay in order."
  type        = number
  default     = 1

  validation {
    condition     = var.parallelization_factor >= 1 && var.parallelization_factor <= 10
    error_message = "parallelization_factor is 1 to 10."
  }
}

variable "max_retries" {
  description = "Retries of a failed batch (0 to 10000) before it goes to the failure queue. Without a cap (-1) one bad record blocks its shard for 24 hours."
  type        = number
  default     = 10

  validation {
    condition     = var.max_retries >= 0 && var.max_retries <= 10000
    error_message = "max_retries is 0 to 10000; -1 (for ever) lets one bad record block its shard for 24 hours."
  }
}

variable "max_record_age_seconds" {
  description = "Age in seconds (60 to 86400) at which a record that keeps failing goes to the failure queue, before the stream forgets it at 24 hours."
  type        = number
  default     = 21600

  validation {
    condition     = var.max_record_age_seconds >= 60 && var.max_record_age_seconds <= 86400
    error_message = "max_record_age_seconds is 60 to 86400: a stream keeps its records for 24 hours."
  }
}

variable "max_iterator_age_seconds" {
  description = "Seconds behind the stream at which someone is paged."
  type        = number
  default     = 300
}

variable "max_silence_minutes" {
  description = "Minutes (1 to 60) without a sign of the poller at which someone is paged."
  type        = number
  default     = 5

  validation {
    condition     = var.max_silence_minutes >= 1 && var.max_silence_minutes <= 60
    error_message = "max_silence_minutes is 1 to 60."
  }
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
