variable "name" {
  description = "Name of the network, the first part of the names of what is in it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,40}$", var.name))
    error_message = "name is lower case letters, digits and hyphens, 3 to 41 characters, for example tradepost-dev."
  }
}

variable "cidr_block" {
  description = "Addresses of the network, a /16 to /24 that overlaps with nothing it may ever be connected to."
  type        = string
  default     = "10.42.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.cidr_block)) && try(tonumber(split("/", var.cidr_block)[1]) >= 16 && tonumber(split("/", var.cidr_block)[1]) <= 24, false)
    error_message = "cidr_block is an IPv4 block from /16 to /24, for example 10.42.0.0/16."
  }
}

variable "zones" {
  description = "In how many availability zones functions run: one that fails must leave another."
  type        = number
  default     = 2

  validation {
    condition     = contains([2, 3, 4], var.zones)
    error_message = "zones is 2, 3 or 4."
  }
}

variable "nat" {
  description = "The way to the internet: none; one (a NAT gateway in one zone for all of them: cheap, and down with its zone); per_zone."
  type        = string
  default     = "one"

  validation {
    condition     = contains(["none", "one", "per_zone"], var.nat)
    error_message = "nat is none, one or per_zone."
  }
}

variable "interface_endpoints" {
  description = "AWS services that are reached inside the network, as in com.amazonaws.<region>.<service>. S3 and DynamoDB always are, at no cost."
  type        = set(string)
  default     = ["secretsmanager"]

  validation {
    condition     = length(setintersection(var.interface_endpoints, ["dynamodb", "s3"])) == 0
    error_message = "dynamodb and s3 have gateway endpoints already; take them out of interface_endpoints."
  }
}

variable "egress_ports" {
  description = "TCP ports that functions may connect to, anywhere."
  type        = set(number)
  default     = [443]

  validation {
    condition     = alltrue([for port in var.egress_ports : port >= 1 && port <= 65535])
    error_message = "A port is 1 to 65535."
  }
}

variable "flow_logs" {
  description = "Log who connects to whom: days to keep it and the key that encrypts it; null for no flow logs."
  type = object({
    retention_days = number
    kms_key_arn    = string
  })
  default = null
}
