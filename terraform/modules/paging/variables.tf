variable "name" {
  description = "Prefix of the alarms: <name>-<service>-urgent."
  type        = string
}

variable "services" {
  description = "Alarms by service and name: { orders = { tradepost-dev-orders-api-errors = { kind, urgency } } }. Those with the urgency page are gathered."
  type        = map(map(object({ kind = string, urgency = string })))

  validation {
    condition     = anytrue(flatten([for alarms in var.services : [for alarm in alarms : alarm.urgency == "page"]]))
    error_message = "No service has an alarm whose urgency is page: nobody would ever be woken."
  }
  validation {
    condition     = alltrue(flatten([for alarms in var.services : [for alarm in alarms : contains(["page", "inform", "none"], alarm.urgency)]]))
    error_message = "urgency is page, inform or none."
  }
}

variable "symptoms" {
  description = "Alarms on what customers see, whichever service is behind it, by name."
  type        = map(object({ kind = string, urgency = string }))

  validation {
    condition     = anytrue([for alarm in var.symptoms : alarm.urgency == "page"])
    error_message = "No symptom has the urgency page."
  }
}

variable "wait_for_cause_seconds" {
  description = "Seconds that a symptom waits for a service to page before it does so itself, and after the service is well again."
  type        = number
  default     = 180

  validation {
    condition     = var.wait_for_cause_seconds >= 60 && var.wait_for_cause_seconds <= 3600
    error_message = "wait_for_cause_seconds is 60 to 3600: alarms on causes need two or three minutes."
  }
}

variable "page_actions" {
  description = "What wakes someone, the output `page_actions` of module alerting."
  type        = list(string)
}

variable "runbook_base_url" {
  description = "Address of the folder docs/runbooks, without a slash at its end."
  type        = string
}
