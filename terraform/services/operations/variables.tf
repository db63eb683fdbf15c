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

variable "application" {
  description = "Name of the CodeDeploy application whose deployments are checked."
  type        = string
}

variable "checked_functions" {
  description = "Deployed names of the functions of all other services: their versions are asked for their health."
  type        = list(string)
}
