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

variable "concurrency" {
  description = "Concurrency by function; see module service."
  type        = any
  default     = {}
}
