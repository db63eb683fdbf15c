variable "name" {
  description = "Name of the bus and of its archive."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,47}$", var.name))
    error_message = "name is lower case letters, digits and hyphens, at most 48 characters (the limit of an archive's name)."
  }
}

variable "archive_days" {
  description = "Days that the archive keeps each event; 0 keeps them without end."
  type        = number

  validation {
    condition     = var.archive_days >= 0 && floor(var.archive_days) == var.archive_days
    error_message = "archive_days is a whole number of days, or 0 to keep events without end."
  }
}
