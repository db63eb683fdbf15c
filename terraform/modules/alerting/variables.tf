variable "name" {
  description = "Prefix of the topics: <name>-page and <name>-inform."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that encrypts the topics; its policy must let CloudWatch alarms use it."
  type        = string
}

variable "page_emails" {
  description = "Addresses that get what pages. Each confirms its subscription by a link."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.page_emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+$", address))])
    error_message = "page_emails takes e-mail addresses, for example [\"on-call@example.com\"]."
  }
}

variable "inform_emails" {
  description = "Addresses that get what only informs. Each confirms its subscription by a link."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.inform_emails : can(regex("^[^@[:space:]]+@[^@[:space:]]+$", address))])
    error_message = "inform_emails takes e-mail addresses, for example [\"team@example.com\"]."
  }
}
