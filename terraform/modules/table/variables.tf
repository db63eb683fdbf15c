variable "name" {
  description = "Name of the table."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,200}$", var.name))
    error_message = "name is lower case letters, digits and hyphens, at least 3 characters."
  }
}

variable "hash_key" {
  description = "Partition key."
  type        = string
}

variable "range_key" {
  description = "Sort key, or null."
  type        = string
  default     = null
}

variable "key_types" {
  description = "Types of the key attributes that are not strings, of the table and of its indexes: { sequence = \"N\" }."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setsubtract(values(var.key_types), ["S", "N", "B"])) == 0
    error_message = "A key is S (string), N (number) or B (binary)."
  }
}

variable "indexes" {
  description = "Global secondary indexes by name. `attributes` projects only those beside the keys; empty follows `projection` (ALL or KEYS_ONLY)."
  type = map(object({
    hash_key   = string
    range_key  = optional(string)
    projection = optional(string, "ALL")
    attributes = optional(list(string), [])
  }))
  default = {}

  validation {
    condition     = alltrue([for index in var.indexes : contains(["ALL", "KEYS_ONLY"], index.projection)])
    error_message = "projection is ALL or KEYS_ONLY; list `attributes` to project only some."
  }
  validation {
    condition     = alltrue([for name in keys(var.indexes) : can(regex("^[a-z][a-z0-9_]{2,60}$", name))])
    error_message = "The name of an index is lower case letters, digits and underscores: it is part of a metric's id."
  }
  validation {
    condition     = length(var.indexes) <= 4
    error_message = "At most 4 indexes: the alarm on throttles adds two metrics of the table and of each index, and CloudWatch takes 10."
  }
}

variable "stream_view_type" {
  description = "What the stream shows of a change: NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES or KEYS_ONLY; null for no stream."
  type        = string
  default     = null

  validation {
    condition     = var.stream_view_type == null || contains(["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"], coalesce(var.stream_view_type, "NEW_IMAGE"))
    error_message = "stream_view_type is NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES, KEYS_ONLY or null."
  }
}

variable "ttl_attribute" {
  description = "Attribute (epoch seconds) after which an item may be removed, or null."
  type        = string
  default     = null
}

variable "point_in_time_recovery" {
  description = "Whether the table can be restored to any second of the last 35 days."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the table."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "Key that encrypts the table and its stream."
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
