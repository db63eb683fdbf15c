variable "service" {
  description = "Name of the service: its folder in services/ and its Python package."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{1,19}$", var.service))
    error_message = "service is 2 to 20 lower case letters, digits and underscores: a Python package."
  }
}

variable "stack" {
  description = "What the root gives to every service: names, folders and the shared building blocks."
  type = object({
    name                   = string # tradepost-<env>
    environment            = string
    source_root            = string # folder that holds services/
    architecture           = string
    layer_arn              = string
    kms_key_arn            = string
    event_bus              = object({ name = string, arn = string })
    alarm_actions          = object({ page = list(string), inform = list(string) })
    runbook_base_url       = string
    log_level              = string
    log_retention_days     = number
    deletion_protection    = bool
    point_in_time_recovery = bool
    canary                 = object({ period_seconds = number, min_invocations = number })
  })
}

variable "artifact" {
  description = "The service's ZIP in S3."
  type = object({
    bucket = string
    key    = string
  })
}

variable "functions" {
  description = <<-EOT
    Functions by name, which is that of the module in services/<service>/handlers and of its policy file:
    uses: keys of `settings` that become its environment variables; what it may do with them is in its policy file.
    timeout in seconds, memory_size in MB, in_vpc: attached to `vpc`. alarms, canary: limits that differ from those of module function.
    stage: where on the service's dashboard: requests (callers wait for it), work (default) or by_hand.
  EOT
  type = map(object({
    description = string
    uses        = optional(list(string), [])
    timeout     = number
    memory_size = optional(number, 512)
    in_vpc      = optional(bool, false)
    stage       = optional(string, "work")
    alarms = optional(object({
      error_percent          = optional(number)
      duration_percent       = optional(number)
      memory_percent         = optional(number)
      no_invocations_minutes = optional(number)
    }), {})
    canary = optional(object({
      error_percent = optional(number)
      p99_ms        = optional(number)
    }), {})
  }))

  validation {
    condition     = alltrue([for name in keys(var.functions) : can(regex("^[a-z][a-z0-9_]*$", name))])
    error_message = "A function is named as its module in handlers/: lower case letters, digits and underscores."
  }
  validation {
    condition     = alltrue([for function in var.functions : contains(["requests", "work", "by_hand"], function.stage)])
    error_message = "stage is requests, work or by_hand."
  }
  validation {
    condition     = length(setsubtract(flatten([for function in var.functions : function.uses]), keys(var.settings))) == 0
    error_message = "A function uses ${join(", ", setsubtract(flatten([for function in var.functions : function.uses]), keys(var.settings)))}, which `settings` does not have; it has ${join(", ", keys(var.settings))}."
  }
  validation {
    condition     = var.vpc != null || !anytrue([for function in var.functions : function.in_vpc])
    error_message = "A function is in_vpc, but there is no vpc."
  }
}

variable "settings" {
  description = "Environment variables by the name that `uses` takes, for example { order_events = { ORDER_EVENTS_TABLE = ... } }."
  type        = map(map(string))
  default     = {}
}

variable "resources" {
  description = "ARNs by the logical name that the policy files take."
  type        = map(list(string))
  default     = {}
}

variable "concurrency" {
  description = "Concurrency by function: reserved is the most at a time, provisioned is kept warm; both null by default."
  type = map(object({
    reserved    = optional(number)
    provisioned = optional(number)
  }))
  default = {}

  validation {
    condition     = length(setsubtract(keys(var.concurrency), keys(var.functions))) == 0
    error_message = "concurrency names a function that ${var.service} does not have; it has ${join(", ", keys(var.functions))}."
  }
}

variable "vpc" {
  description = "Subnets and security groups of the functions that are in_vpc."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}
