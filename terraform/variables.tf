variable "project" {
  description = "Name of the platform, the first part of every name."
  type        = string
  default     = "tradepost"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{2,15}$", var.project))
    error_message = "project is 3 to 16 lower case letters and digits."
  }
}

variable "environment" {
  description = "Environment, the second part of every name: local, dev, staging or prod."
  type        = string

  validation {
    condition     = contains(["local", "dev", "staging", "prod"], var.environment)
    error_message = "environment is local, dev, staging or prod: choose one with -var-file=env/<env>.tfvars."
  }
}

variable "region" {
  description = "AWS region."
  type        = string
  default     = "eu-west-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is a region's code such as eu-west-1."
  }
}

variable "account_id" {
  description = "The only account that this environment may be applied to; null accepts the account of the credentials. Set it in env/<env>.tfvars: it stops an apply with the wrong credentials."
  type        = string
  default     = null

  validation {
    condition     = var.account_id == null || can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id is the 12 digits of an AWS account, in quotes."
  }
}

variable "build_dir" {
  description = "Folder with manifest.json and the ZIPs that `make build` writes; null takes build/ of the repository."
  type        = string
  default     = null
}

variable "architecture" {
  description = "Instruction set of the functions: arm64 or x86_64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture is arm64 or x86_64."
  }
}

variable "log_level" {
  description = "Lowest level that functions log: DEBUG, INFO, WARNING or ERROR. `make log-level` changes it for a while without a deployment."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "log_level is DEBUG, INFO, WARNING or ERROR."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30
}

variable "audit_retention_days" {
  description = "Days that the audit log of the on-call tools is kept."
  type        = number
  default     = 400
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete tables."
  type        = bool
  default     = true
}

variable "point_in_time_recovery" {
  description = "Whether tables can be restored to any second of the last 35 days."
  type        = bool
  default     = true
}

variable "key_deletion_window_in_days" {
  description = "Days between the deletion of the key and the loss of everything encrypted with it."
  type        = number
  default     = 30
}

variable "archive_days" {
  description = "Days that the archive of the bus keeps events."
  type        = number
  default     = 30
}

variable "concurrency" {
  description = "Concurrency by service and function: { orders = { api = { reserved = 200, provisioned = 5 } } }. What is not named shares the account's pool."
  type = map(map(object({
    reserved    = optional(number)
    provisioned = optional(number)
  })))
  default = {}

  validation {
    condition     = length(setsubtract(keys(var.concurrency), local.service_names)) == 0
    error_message = "concurrency names a service that the stack does not have; it has ${join(", ", local.service_names)}."
  }
}

variable "rollout" {
  description = "How new versions are released: strategy (canary, linear or all_at_once) of functions that strategies does not name; percent and minutes of canary and linear; and how finely they are judged: alarm_period_seconds, min_invocations of the new version in a period."
  type = object({
    strategy = optional(string, "canary")
    # Called by hand, by CodeDeploy or by the clock: there is no traffic to shift a tenth of.
    strategies           = optional(map(string), { "inventory.expire" = "all_at_once", "operations.deploy_check" = "all_at_once", "orders.replay" = "all_at_once", "payments.rotate" = "all_at_once" })
    percent              = optional(number, 10)
    minutes              = optional(number, 5)
    alarm_period_seconds = optional(number, 60)
    min_invocations      = optional(number, 5)
  })
  default = {}
}

variable "dispatch" {
  description = "How long an order waits for its parcel: the shop is reminded every reminder_hours, at most `reminders` times, then the order is rejected."
  type = object({
    reminder_hours = optional(number, 24)
    reminders      = optional(number, 3)
  })
  default = {}
}

variable "low_stock_threshold" {
  description = "The stock of a new article is low while no more than this many are available; PUT /stock/{sku} sets another."
  type        = number
  default     = 5
}

variable "network" {
  description = "The VPC of the functions that are in one: how many zones, the way to the internet (none, one, per_zone), AWS services reached inside it, flow logs. See modules/network for what each costs."
  type = object({
    cidr_block          = optional(string, "10.42.0.0/16")
    zones               = optional(number, 2)
    nat                 = optional(string, "one")
    interface_endpoints = optional(set(string), ["secretsmanager"])
    flow_logs           = optional(bool, false)
  })
  default = {}
}

variable "payment_provider_url" {
  description = "Base address of the payment provider's API, without a path of its version: https://api.example.com. The local cloud brings a provider of its own."
  type        = string

  validation {
    condition     = can(regex("^https://[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._/-]*)?$", var.payment_provider_url)) || can(regex("^http://127\\.0\\.0\\.1:[0-9]+(/[A-Za-z0-9._/-]*)?$", var.payment_provider_url))
    error_message = "payment_provider_url is an https address, such as https://api.example.com; plain http is for 127.0.0.1 alone, since credentials go over it."
  }
}

variable "payment_provider_timeout_seconds" {
  description = "How long a function waits for an answer of the payment provider, 1 to 6."
  type        = number
  default     = 5
}

variable "payment_provider_key_rotation_days" {
  description = "Days between two rotations of the payment provider's API key; null for none."
  type        = number
  default     = 30
}

variable "api_throttle" {
  description = "Limits of the whole REST API."
  type = object({
    requests_per_second = number
    burst               = number
  })
  default = { requests_per_second = 200, burst = 400 }
}

variable "partners" {
  description = "Partners; each gets an API key."
  type        = set(string)
  default     = []
}

variable "partner_limits" {
  description = "What each partner may use of the REST API."
  type = object({
    requests_per_second = number
    burst               = number
    requests_per_day    = number
  })
  default = { requests_per_second = 50, burst = 100, requests_per_day = 100000 }
}

variable "slo" {
  description = "What is promised over 30 days: availability_percent of requests are answered without a 5xx; latency_percent of them within latency_ms; confirm_percent of the orders that are confirmed are so within confirm_seconds."
  type = object({
    availability_percent = optional(number, 99.9)
    latency_percent      = optional(number, 99)
    latency_ms           = optional(number, 1000)
    confirm_percent      = optional(number, 99)
    confirm_seconds      = optional(number, 60)
  })
  default = {}
}

variable "page_emails" {
  description = "Addresses that get what pages."
  type        = set(string)
  default     = []
}

variable "inform_emails" {
  description = "Addresses that get what only informs."
  type        = set(string)
  default     = []
}

variable "runbook_base_url" {
  description = "Where docs/runbooks can be read; every alarm's description ends with a link below it."
  type        = string
  default     = "docs/runbooks"

  validation {
    condition     = !endswith(var.runbook_base_url, "/")
    error_message = "runbook_base_url has no slash at its end."
  }
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
  description = "Tries of a failing call to AWS. 25 rides out throttling; where nothing throttles, few show an error sooner."
  type        = number
  default     = 25
}
