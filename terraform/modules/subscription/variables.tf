variable "name" {
  description = "Name of the rule: tradepost-<env>-<service>-<what it does>."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,54}$", var.name))
    error_message = "name is lower case letters, digits and hyphens, at most 55 characters, so that the names made from it fit the limits of AWS."
  }
}

variable "description" {
  description = "One line on what happens when such an event comes."
  type        = string
}

variable "event_bus_name" {
  description = "Name of the bus."
  type        = string
}

variable "event_source" {
  description = "Who publishes the events: tradepost.<service>."
  type        = string

  validation {
    condition     = can(regex("^tradepost\\.[a-z_]+$", var.event_source))
    error_message = "event_source is tradepost.<service>."
  }
}

variable "event_types" {
  description = "Types of the events that are delivered."
  type        = list(string)

  validation {
    condition     = length(var.event_types) > 0 && alltrue([for type in var.event_types : can(regex("^[a-z]+(_[a-z]+)*$", type))])
    error_message = "event_types are at least one type such as order_placed."
  }
}

variable "function" {
  description = "The function that gets the envelope of the event, by its alias; null if it is a workflow."
  type        = object({ name = string, alias = string, alias_arn = string })
  default     = null

  validation {
    condition     = (var.function == null) != (var.workflow == null)
    error_message = "An event is delivered to a function or to a workflow: give one of the two."
  }
  validation {
    condition     = var.function == null || can(regex(":function:[A-Za-z0-9_-]+:[A-Za-z][A-Za-z0-9_-]*$", var.function.alias_arn))
    error_message = "function.alias_arn must be that of the alias (...:function:<name>:live): a rule on the bare function bypasses canary and rollback."
  }
}

variable "workflow" {
  description = "The state machine that is started with the envelope of the event, by its alias; null if it is a function."
  type        = object({ alias_arn = string })
  default     = null

  validation {
    condition     = var.workflow == null || can(regex(":stateMachine:[A-Za-z0-9_-]+:[A-Za-z][A-Za-z0-9_-]*$", var.workflow.alias_arn))
    error_message = "workflow.alias_arn must end with an alias (...:stateMachine:<name>:live): a rule on the bare state machine starts what was never published."
  }
}

variable "max_retries" {
  description = "How often a delivery is tried again (0 to 185) before the event is a dead letter."
  type        = number
  default     = 185

  validation {
    condition     = var.max_retries >= 0 && var.max_retries <= 185
    error_message = "max_retries is 0 to 185."
  }
}

variable "max_event_age_seconds" {
  description = "Age in seconds (60 to 86400) at which an event is a dead letter."
  type        = number
  default     = 86400

  validation {
    condition     = var.max_event_age_seconds >= 60 && var.max_event_age_seconds <= 86400
    error_message = "max_event_age_seconds is 60 to 86400."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the dead letters."
  type        = string
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
