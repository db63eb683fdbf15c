variable "name" {
  description = "Prefix of the alarms: <name>-fast-burn, <name>-slow-burn and one for each window."
  type        = string
}

variable "title" {
  description = "What is promised, in a few words: Availability of the API."
  type        = string
}

variable "objective_percent" {
  description = "Percent of the events that keep the promise, over 30 days."
  type        = number

  validation {
    condition     = var.objective_percent > 93.1 && var.objective_percent < 100
    error_message = "objective_percent is between 93.1 and 100: below, 14.4 times the budget is more than everything, and the fast alarm could never fire; 100 leaves no budget."
  }
}

variable "metrics" {
  description = "Metrics by the id that bad_percent uses; `total` is the number of events."
  type = map(object({
    namespace   = string
    metric_name = string
    dimensions  = map(string)
    stat        = string
  }))

  validation {
    condition     = contains(keys(var.metrics), "total")
    error_message = "One of the metrics is `total`, the number of events."
  }
}

variable "bad_percent" {
  description = "Metric math over `metrics`: percent of the events that missed. 100 * bad / total"
  type        = string
}

variable "min_bad_events" {
  description = "Events that must have missed in the long window before anyone hears of it."
  type        = number
  default     = 10

  validation {
    condition     = var.min_bad_events >= 1
    error_message = "min_bad_events is at least 1."
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
