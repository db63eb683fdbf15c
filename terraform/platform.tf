# What every service shares.
data "aws_caller_identity" "current" {}

locals {
  name = "${var.project}-${var.environment}"
}

module "key" {
  source = "./modules/key"

  name                    = local.name
  description             = "Everything that ${local.name} stores: tables, queues, topics, logs, settings of functions."
  deletion_window_in_days = var.key_deletion_window_in_days
}

module "alerting" {
  source = "./modules/alerting"

  name          = local.name
  kms_key_arn   = module.key.arn
  page_emails   = var.page_emails
  inform_emails = var.inform_emails
}

module "event_bus" {
  source = "./modules/event-bus"

  name         = local.name
  archive_days = var.archive_days
}

# For the functions that are in_vpc: payments talks to its provider from addresses that stay the same.
module "network" {
  source = "./modules/network"

  name                = local.name
  cidr_block          = var.network.cidr_block
  zones               = var.network.zones
  nat                 = var.network.nat
  interface_endpoints = var.network.interface_endpoints
  egress_ports        = [443, local.payment_provider_port]
  flow_logs           = var.network.flow_logs ? { retention_days = var.log_retention_days, kms_key_arn = module.key.arn } : null
}

locals {
  # 443, but for a provider of one's own; one on this machine is reached past any security group.
  payment_provider_port = try(tonumber(regex("^https://[^/:]+:([0-9]+)", var.payment_provider_url)[0]), 443)
}

module "shared_layer" {
  source = "./modules/layer"

  name        = "${local.name}-shared"
  description = "shared/ and its locked dependencies."
  artifact    = { bucket = aws_s3_object.artifact["shared-layer"].bucket, key = aws_s3_object.artifact["shared-layer"].key }
}

locals {
  stack = {
    name                   = local.name
    environment            = var.environment
    source_root            = "${path.root}/.."
    architecture           = var.architecture
    layer_arn              = module.shared_layer.arn
    kms_key_arn            = module.key.arn
    event_bus              = { name = module.event_bus.name, arn = module.event_bus.arn }
    alarm_actions          = module.alerting.actions
    runbook_base_url       = var.runbook_base_url
    log_level              = var.log_level
    log_retention_days     = var.log_retention_days
    deletion_protection    = var.deletion_protection
    point_in_time_recovery = var.point_in_time_recovery
    canary                 = { period_seconds = var.rollout.alarm_period_seconds, min_invocations = var.rollout.min_invocations }
  }
}
