# What is promised to customers, and how fast the promise is being broken.
locals {
  slos = {
    availability    = module.api_availability
    latency         = module.api_latency
    time_to_confirm = module.time_to_confirm
  }
}

module "api_availability" {
  source = "./modules/slo"

  name              = "${local.name}-api-availability"
  title             = "Availability of the API"
  objective_percent = var.slo.availability_percent
  metrics = {
    total = { namespace = "AWS/ApiGateway", metric_name = "Count", dimensions = module.rest_api.metrics, stat = "Sum" }
    bad   = { namespace = "AWS/ApiGateway", metric_name = "5XXError", dimensions = module.rest_api.metrics, stat = "Sum" }
  }
  bad_percent      = "100 * bad / total"
  alarm_actions    = module.alerting.actions
  runbook_base_url = var.runbook_base_url
}

module "api_latency" {
  source = "./modules/slo"

  name              = "${local.name}-api-latency"
  title             = "Answers of the API within ${var.slo.latency_ms} ms"
  objective_percent = var.slo.latency_percent
  metrics = {
    total   = { namespace = "AWS/ApiGateway", metric_name = "Latency", dimensions = module.rest_api.metrics, stat = "SampleCount" }
    in_time = { namespace = "AWS/ApiGateway", metric_name = "Latency", dimensions = module.rest_api.metrics, stat = "PR(:${var.slo.latency_ms})" }
  }
  bad_percent      = "100 - in_time"
  alarm_actions    = module.alerting.actions
  runbook_base_url = var.runbook_base_url
}

# An order that is never confirmed has no time: alarms on the workflow and on what failed speak for those.
module "time_to_confirm" {
  source = "./modules/slo"

  name              = "${local.name}-time-to-confirm"
  title             = "Orders confirmed within ${var.slo.confirm_seconds} s"
  objective_percent = var.slo.confirm_percent
  metrics = {
    total   = merge(module.orders.indicators.time_to_confirm, { stat = "SampleCount" })
    in_time = merge(module.orders.indicators.time_to_confirm, { stat = "PR(:${var.slo.confirm_seconds * 1000})" })
  }
  bad_percent      = "100 - in_time"
  alarm_actions    = module.alerting.actions
  runbook_base_url = var.runbook_base_url
}
