variable "name" {
  description = "Name of the API."
  type        = string
}

variable "description" {
  description = "What the API is for, as shown in the console."
  type        = string
}

variable "stage_name" {
  description = "Stage, the first part of every path: the version of the contract."
  type        = string
  default     = "v1"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]*$", var.stage_name))
    error_message = "stage_name is lower case letters, digits and underscores, for example v1."
  }
}

variable "stage_variables" {
  description = "Stage variables, for what differs between stages of one API."
  type        = map(string)
  default     = {}
}

variable "routes" {
  description = <<-EOT
    Routes by "METHOD /path/{parameter}":
    function: what answers, always by its alias. api_key_required: only partners. authorizer: none or iam.
    body_schema: JSON Schema (draft-04) text of the body, null for none. required_headers, required_queries: a request without them gets 400.
    optional_queries: documented only.
  EOT
  type = map(object({
    function = object({
      name             = string
      alias            = string
      alias_invoke_arn = string
    })
    api_key_required = optional(bool, false)
    authorizer       = optional(string, "none")
    body_schema      = optional(string)
    required_headers = optional(list(string), [])
    required_queries = optional(list(string), [])
    optional_queries = optional(list(string), [])
  }))

  validation {
    condition     = alltrue([for route in keys(var.routes) : can(regex("^(GET|POST|PUT|PATCH|DELETE) (/([a-z0-9_.-]+|\\{[a-z0-9_]+\\+?\\})){1,5}$", route))])
    error_message = "A route is \"METHOD /path\": GET, POST, PUT, PATCH or DELETE, then 1 to 5 parts of lower case letters, digits and _.- or {parameters}."
  }
  validation {
    condition     = alltrue([for route in var.routes : contains(["none", "iam"], route.authorizer)])
    error_message = "authorizer is none or iam."
  }
  validation {
    condition     = alltrue([for route in var.routes : route.body_schema == null || can(jsondecode(route.body_schema))])
    error_message = "body_schema is the text of a JSON Schema: file(\"services/<name>/schemas/<file>.json\")."
  }
  validation {
    condition     = alltrue([for route in var.routes : length(route.function.alias) > 0])
    error_message = "Every route names the alias of its function: an integration with the bare function bypasses canary and rollback."
  }
}

variable "problems" {
  description = "Catalog of problem types (shared/contracts/problems.json): those with gateway_responses are what the gateway answers by itself."
  type = map(object({
    status            = number
    title             = string
    gateway_responses = optional(list(string), [])
  }))

  validation {
    condition = length(setsubtract(flatten([for problem in var.problems : problem.gateway_responses]), [
      "ACCESS_DENIED", "API_CONFIGURATION_ERROR", "AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE", "BAD_REQUEST_BODY",
      "BAD_REQUEST_PARAMETERS", "DEFAULT_4XX", "DEFAULT_5XX", "EXPIRED_TOKEN", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT",
      "INVALID_API_KEY", "INVALID_SIGNATURE", "MISSING_AUTHENTICATION_TOKEN", "QUOTA_EXCEEDED", "REQUEST_TOO_LARGE",
      "RESOURCE_NOT_FOUND", "THROTTLED", "UNAUTHORIZED", "UNSUPPORTED_MEDIA_TYPE", "WAF_FILTERED",
    ])) == 0
    error_message = "problems.json names a gateway response that API Gateway does not have; see its list of gateway response types."
  }
  validation {
    condition     = length(flatten([for problem in var.problems : problem.gateway_responses])) == length(distinct(flatten([for problem in var.problems : problem.gateway_responses])))
    error_message = "problems.json gives the same gateway response to two problems; keep one."
  }
}

variable "throttle" {
  description = "Limits of the whole stage; over them the answer is 429."
  type = object({
    requests_per_second = number
    burst               = number
  })
}

variable "partners" {
  description = "Names of partners; each gets an API key."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for partner in var.partners : can(regex("^[a-z][a-z0-9-]{1,30}$", partner))])
    error_message = "A partner's name is lower case letters, digits and hyphens, 2 to 31 characters."
  }
}

variable "partner_limits" {
  description = "What each partner may use; over it the answer is 429."
  type = object({
    requests_per_second = number
    burst               = number
    requests_per_day    = number
  })
}

variable "log_retention_days" {
  description = "Days that the access log is kept."
  type        = number
  default     = 30
}

variable "kms_key_arn" {
  description = "Key that encrypts the access log."
  type        = string
}

variable "alarms" {
  description = "Limits: error_percent of requests that end with a 5xx, latency_p99_ms of the slowest 1 %."
  type = object({
    error_percent  = optional(number, 1)
    latency_p99_ms = optional(number, 2000)
  })
  default = {}
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
