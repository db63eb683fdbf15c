variable "name" {
  description = "Name of the key; its alias is alias/<name>."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,62}$", var.name))
    error_message = "name is lower case letters, digits and hyphens, 3 to 63 characters, for example tradepost-dev."
  }
}

variable "description" {
  description = "What the key protects, as shown in the console."
  type        = string
}

variable "deletion_window_in_days" {
  description = "Days (7 to 30) between the deletion of the key and the loss of everything encrypted with it."
  type        = number
  default     = 30

  validation {
    condition     = var.deletion_window_in_days >= 7 && var.deletion_window_in_days <= 30
    error_message = "deletion_window_in_days is 7 to 30: AWS accepts nothing else."
  }
}

variable "via_services" {
  description = "Services through which the callers of this account may use the key, as in kms:ViaService without the region."
  type        = set(string)
  default     = ["dynamodb", "lambda", "s3", "secretsmanager", "sns", "sqs"]
}

variable "service_principals" {
  description = "Services that use the key on their own behalf and say for which account (alarms that publish, topics that deliver), without .amazonaws.com."
  type        = set(string)
  default     = ["cloudwatch", "sns", "sqs"]
}
