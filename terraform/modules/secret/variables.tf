variable "name" {
  description = "Name of the secret."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,200}$", var.name)) && !can(regex("-[a-z0-9]{6}$", var.name))
    error_message = "name is lower case letters, digits and hyphens, and does not end with a hyphen and six characters: Secrets Manager takes that for the random end of an ARN."
  }
}

variable "description" {
  description = "What the secret is, what its value looks like and who gives it, as shown in the console."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that encrypts the secret."
  type        = string
}

variable "recovery_window_in_days" {
  description = "Days (7 to 30) in which a deleted secret can be brought back and its name is taken; 0 deletes at once."
  type        = number
  default     = 30

  validation {
    condition     = var.recovery_window_in_days == 0 || (var.recovery_window_in_days >= 7 && var.recovery_window_in_days <= 30)
    error_message = "recovery_window_in_days is 0, or 7 to 30."
  }
}

variable "rotation" {
  description = "The function that rotates the secret, by its alias, and every how many days; null for none."
  type = object({
    days     = number
    function = object({ name = string, alias = string, alias_arn = string })
  })
  default = null

  validation {
    condition     = try(var.rotation.days >= 1 && var.rotation.days <= 1000, var.rotation == null)
    error_message = "rotation.days is 1 to 1000."
  }
}
