variable "name" {
  description = "Full name of the state machine: tradepost-<env>-<service>-<workflow>."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,54}$", var.name))
    error_message = "name is lower case letters, digits and hyphens, at most 55 characters, so that the names made from it fit the limits of AWS."
  }
}

variable "type" {
  description = "STANDARD (waits up to a year, each step exactly once, priced by transition) or EXPRESS (up to five minutes, at least once, priced by time)."
  type        = string
  default     = "STANDARD"

  validation {
    condition     = contains(["STANDARD", "EXPRESS"], var.type)
    error_message = "type is STANDARD or EXPRESS."
  }
}

variable "definition_file" {
  description = "Path of the definition (Amazon States Language, JSON) beside the code; $${name} in it stands for a function or a value of that name."
  type        = string

  validation {
    condition     = can(jsondecode(file(var.definition_file)).States)
    error_message = "definition_file must be a readable JSON file with States; a number is written as JSONata: \"{% $${name} %}\"."
  }
}

variable "functions" {
  description = "ARNs of the aliases that the definition invokes, by the name it gives them. The role may invoke these and no others."
  type        = map(string)

  validation {
    condition     = length(var.functions) > 0 && alltrue([for arn in values(var.functions) : can(regex(":function:[A-Za-z0-9_-]+:[A-Za-z][A-Za-z0-9_-]*$", arn))])
    error_message = "functions are ARNs that end with an alias (...:function:<name>:live): a state that invokes the bare function bypasses canary and rollback. Not one: ${join(", ", [for name, arn in var.functions : name if !can(regex(":function:[A-Za-z0-9_-]+:[A-Za-z][A-Za-z0-9_-]*$", arn))])}."
  }
}

variable "values" {
  description = "Numbers and texts for the definition, by name."
  type        = map(string)
  default     = {}

  validation {
    condition     = !anytrue([for value in values(var.values) : startswith(value, "arn:")])
    error_message = "values hold no ARNs: what the definition calls belongs to `functions`, where the role gets the right to it."
  }
}

variable "shift" {
  description = "Null: the alias is at the newest version. Otherwise the newest version gets percent of the new executions, and stable_version (its number) the others."
  type = object({
    stable_version = number
    percent        = number
  })
  default = null

  validation {
    condition     = var.shift == null || try(var.shift.percent >= 0 && var.shift.percent <= 100 && var.shift.stable_version >= 1, false)
    error_message = "shift.percent is 0 to 100, shift.stable_version the number of a published version."
  }
}

variable "log_level" {
  description = "What of the history goes to the log, always without data: ALL, ERROR, FATAL or OFF."
  type        = string
  default     = "ERROR"

  validation {
    condition     = contains(["ALL", "ERROR", "FATAL", "OFF"], var.log_level)
    error_message = "log_level is ALL, ERROR, FATAL or OFF."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30
}

variable "kms_key_arn" {
  description = "Key that encrypts the logs."
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
