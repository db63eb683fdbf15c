variable "stack" {
  description = "What the root gives to every service; its type is that of module service."
  type        = any
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
