variable "project" {
  description = "Name of the platform, the first part of every name."
  type        = string
  default     = "tradepost"
}

variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-west-1"
}

variable "account_id" {
  description = "The only account that this may be applied to; null accepts the account of the credentials."
  type        = string
  default     = null

  validation {
    condition     = var.account_id == null || can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id is the 12 digits of an AWS account, in quotes."
  }
}

variable "manage_api_gateway_account" {
  description = "Whether to set the role by which API Gateway logs. False where something else in the account sets it: there is only one."
  type        = bool
  default     = true
}

variable "noncurrent_version_days" {
  description = "Days that replaced states and artifacts are kept; null keeps them without end, and saves the minute that S3 takes to make the rule."
  type        = number
  default     = 180

  validation {
    condition     = var.noncurrent_version_days == null || try(var.noncurrent_version_days >= 30, true)
    error_message = "noncurrent_version_days is at least 30 (or null): a lost state is noticed late."
  }
}

variable "force_destroy" {
  description = "Whether a destroy may delete buckets that still hold states and artifacts."
  type        = bool
  default     = false
}

variable "s3_use_path_style" {
  description = "Whether S3 is addressed by path instead of by host, for an S3 that is not AWS's."
  type        = bool
  default     = false
}

variable "skip_credentials_validation" {
  description = "Whether to trust the credentials as they are, for a place where only these credentials exist."
  type        = bool
  default     = false
}

variable "provider_max_retries" {
  description = "Tries of a failing call to AWS."
  type        = number
  default     = 25
}

variable "github_repository" {
  description = "Repository whose GitHub Actions deploy, owner/name; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository is owner/name, without wildcards: whoever it names may deploy."
  }
}

variable "github_environments" {
  description = "GitHub environments whose jobs may deploy to this account."
  type        = set(string)
  default     = ["dev", "staging", "prod"]

  validation {
    condition     = length(var.github_environments) > 0 && length(setsubtract(var.github_environments, ["dev", "staging", "prod"])) == 0
    error_message = "github_environments are some of dev, staging and prod."
  }
}

variable "github_plan_environments" {
  description = "Environments that pull requests may plan. Whoever can push a branch to the repository can read these environments' states, with the partners' API keys in them."
  type        = set(string)
  default     = ["dev"]

  validation {
    condition     = length(setsubtract(var.github_plan_environments, ["dev", "staging", "prod"])) == 0
    error_message = "github_plan_environments are some of dev, staging and prod, or none."
  }
}

variable "manage_github_oidc_provider" {
  description = "Whether to make GitHub's identity provider. False where something else in the account made it: there is only one."
  type        = bool
  default     = true
}
