variable "name" {
  description = "Name of the CodeDeploy application, and prefix of its configurations and role: tradepost-<env>."
  type        = string
}

variable "functions" {
  description = "Functions to release by <service>.<function>: deployed name and the names of the alarms on the newest version."
  type = map(object({
    name   = string
    alarms = list(string)
  }))

  validation {
    condition     = alltrue([for function in var.functions : length(function.alarms) >= 1 && length(function.alarms) <= 10])
    error_message = "A function is released under 1 to 10 alarms (CodeDeploy's limit); without one nothing would roll it back."
  }
}

variable "default_strategy" {
  description = "How a function that strategies does not name is released: canary (percent, then the rest after minutes), linear (percent more every so many minutes) or all_at_once."
  type        = string
  default     = "canary"

  validation {
    condition     = contains(["canary", "linear", "all_at_once"], var.default_strategy)
    error_message = "default_strategy is canary, linear or all_at_once."
  }
}

variable "strategies" {
  description = "Strategy by <service>.<function>, where it is not the default one."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for strategy in values(var.strategies) : contains(["canary", "linear", "all_at_once"], strategy)])
    error_message = "A strategy is canary, linear or all_at_once."
  }
}

variable "percent" {
  description = "Share of the traffic (1 to 99) that the new version gets first, or more of at each step of linear."
  type        = number
  default     = 10

  validation {
    condition     = var.percent >= 1 && var.percent <= 99 && floor(var.percent) == var.percent
    error_message = "percent is a whole number from 1 to 99."
  }
}

variable "minutes" {
  description = "Bake time in minutes (1 to 2880): how long a canary is watched, or the time between two steps of linear."
  type        = number
  default     = 5

  validation {
    condition     = var.minutes >= 1 && var.minutes <= 2880 && floor(var.minutes) == var.minutes
    error_message = "minutes is a whole number from 1 to 2880 (two days)."
  }
  # The first whole period starts up to one period after the shift, and CloudWatch and CodeDeploy look at it a while later.
  validation {
    condition     = var.minutes * 60 >= 3 * var.alarm_period_seconds
    error_message = "minutes must be at least three periods of the alarms: a shorter bake is over before they can judge."
  }
}

variable "alarm_period_seconds" {
  description = "Period of the alarms on the newest version, in seconds."
  type        = number
  default     = 60
}

variable "hook" {
  description = "Function that checks each new version before it gets traffic: its name and alias; null for none."
  type = object({
    name  = string
    alias = string
  })
  default = null
}
