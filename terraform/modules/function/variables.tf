variable "name" {
  description = "Full name of the function: tradepost-<env>-<service>-<function>."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,54}$", var.name))
    error_message = "name is lower case letters, digits and hyphens, at most 55 characters, so that the names made from it fit the limits of AWS."
  }
}

variable "description" {
  description = "One line on what the function does, as shown in the console."
  type        = string
}

variable "handler" {
  description = "Python path of the handler, <service>.handlers.<function>.handler."
  type        = string

  validation {
    condition     = can(regex("^[a-z_][a-z0-9_]*(\\.[a-z_][a-z0-9_]*)+$", var.handler))
    error_message = "handler is a dotted Python path such as orders.handlers.api.handler."
  }
}

variable "artifact" {
  description = "The ZIP in S3. The key carries the digest, so another content is another key and publishes another version."
  type = object({
    bucket = string
    key    = string
  })
}

variable "layers" {
  description = "ARNs of layer versions, at most 5."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.layers) <= 5
    error_message = "A function takes at most 5 layers: merge some."
  }
}

variable "runtime" {
  description = "Lambda runtime."
  type        = string
  default     = "python3.13"

  validation {
    condition     = can(regex("^python3\\.1[3-9]$", var.runtime))
    error_message = "runtime is python3.13 or later: the build makes bytecode for the version in .python-version."
  }
}

variable "architecture" {
  description = "Instruction set: arm64 (cheaper) or x86_64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture is arm64 or x86_64."
  }
}

variable "memory_size" {
  description = "Memory in MB (128 to 10240); processor time grows with it, one full core at 1769."
  type        = number
  default     = 512

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240
    error_message = "memory_size is 128 to 10240 MB."
  }
}

variable "timeout" {
  description = "Time-out in seconds (1 to 900). Behind the REST API at most 28, so that the function answers before the gateway gives up at 29."
  type        = number

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 900
    error_message = "timeout is 1 to 900 seconds."
  }
}

variable "environment" {
  description = "Environment variables. No secrets: those live in Secrets Manager. No AWS_ENDPOINT_URL: a place other than AWS sets it itself."
  type        = map(string)

  validation {
    condition     = length([for name in keys(var.environment) : name if startswith(name, "AWS_")]) == 0
    error_message = "Names that start with AWS_ belong to the Lambda runtime; choose another."
  }
}

variable "log_level_parameter" {
  description = "Name of the parameter in Parameter Store that changes the log level for a while: /<project>/<env>/log-level/<service>.<function>. It need not exist."
  type        = string

  validation {
    condition     = can(regex("^/[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)+$", var.log_level_parameter))
    error_message = "log_level_parameter is a path such as /tradepost/dev/log-level/orders.api."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept; one of the values that CloudWatch accepts."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827], var.log_retention_days)
    error_message = "log_retention_days is one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the settings, the logs and the failures."
  type        = string
}

variable "policy_file" {
  description = "Path of the JSON file beside the code that maps logical names of resources to the actions which the code needs."
  type        = string

  validation {
    condition     = can(jsondecode(file(var.policy_file)))
    error_message = "policy_file must be a readable JSON file: {\"logical_name\": [\"service:Action\"]}; {} for a function that calls nothing."
  }
}

variable "resources" {
  description = "ARNs by the logical name that policy files use, for example { order_events = [table ARN] }."
  type        = map(list(string))
  default     = {}
}

variable "vpc" {
  description = "Subnets and security groups, only for a function that must reach something private; null otherwise."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}

variable "reserved_concurrency" {
  description = "Upper limit of concurrent executions, taken out of the account's pool; null shares the pool. New accounts have a pool of 10, which leaves nothing to reserve."
  type        = number
  default     = null

  validation {
    condition     = var.reserved_concurrency == null || try(var.reserved_concurrency >= 1, true)
    error_message = "reserved_concurrency is at least 1, or null; 0 would stop the function."
  }
}

variable "provisioned_concurrency" {
  description = "Environments of the alias that are kept warm, paid while they wait; null for none."
  type        = number
  default     = null

  validation {
    condition     = var.provisioned_concurrency == null || try(var.provisioned_concurrency >= 1, true)
    error_message = "provisioned_concurrency is at least 1, or null for none."
  }
}

variable "async_retries" {
  description = "Retries (0 to 2) of an asynchronous invocation before it goes to the failure queue."
  type        = number
  default     = 2

  validation {
    condition     = contains([0, 1, 2], var.async_retries)
    error_message = "async_retries is 0, 1 or 2."
  }
}

variable "async_max_age_seconds" {
  description = "Age in seconds (60 to 21600) at which an asynchronous invocation goes to the failure queue."
  type        = number
  default     = 21600

  validation {
    condition     = var.async_max_age_seconds >= 60 && var.async_max_age_seconds <= 21600
    error_message = "async_max_age_seconds is 60 to 21600."
  }
}

variable "stage" {
  description = "Where on the service's dashboard: requests (callers wait for it), work or by_hand."
  type        = string
  default     = "work"

  validation {
    condition     = contains(["requests", "work", "by_hand"], var.stage)
    error_message = "stage is requests, work or by_hand."
  }
}

variable "alarms" {
  description = "Limits: error_percent of invocations; duration_percent of the time-out at p99 (0: no alarm, for work that fills its time on purpose); memory_percent of the memory (0: no alarm); no_invocations_minutes (0: silence is normal)."
  type = object({
    error_percent          = optional(number, 1)
    duration_percent       = optional(number, 80)
    memory_percent         = optional(number, 90)
    no_invocations_minutes = optional(number, 0)
  })
  default = {}

  validation {
    condition     = alltrue([for percent in [var.alarms.error_percent, var.alarms.duration_percent, var.alarms.memory_percent] : percent >= 0 && percent < 100])
    error_message = "error_percent, duration_percent and memory_percent are percentages from 0 to below 100; at 100 the alarm could never fire."
  }
  validation {
    condition     = var.alarms.no_invocations_minutes >= 0 && var.alarms.no_invocations_minutes <= 1440
    error_message = "no_invocations_minutes is at most 1440 (a day), the longest time that one alarm looks back."
  }
}

variable "canary" {
  description = "What a new version may do while it is released: error_percent of its invocations; p99_ms (null: as the alarm on duration); judged by period_seconds when a period has min_invocations of it. AWS keeps Lambda's metrics by the minute: below 60 seconds only where they are finer."
  type = object({
    error_percent   = optional(number, 5)
    p99_ms          = optional(number)
    min_invocations = optional(number, 5)
    period_seconds  = optional(number, 60)
  })
  default = {}

  validation {
    condition     = var.canary.error_percent >= 0 && var.canary.error_percent < 100
    error_message = "canary.error_percent is a percentage from 0 to below 100; at 100 the alarm could never fire."
  }
  validation {
    condition     = var.canary.min_invocations >= 1
    error_message = "canary.min_invocations is at least 1: silence says nothing about a version."
  }
  validation {
    condition     = contains([10, 30, 60, 120, 180, 300], var.canary.period_seconds)
    error_message = "canary.period_seconds is 10, 30, 60, 120, 180 or 300."
  }
  validation {
    condition     = var.canary.p99_ms == null || try(var.canary.p99_ms > 0 && var.canary.p99_ms < var.timeout * 1000, false)
    error_message = "canary.p99_ms is between 0 and the time-out (in ms): beyond it, it could never be exceeded."
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
