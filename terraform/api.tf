module "rest_api" {
  source = "./modules/rest-api"

  name        = local.name
  description = "Tradepost for partners."
  routes      = merge([for service in local.shop_services : service.routes]...)
  problems    = jsondecode(file("${path.root}/../shared/contracts/problems.json"))

  throttle       = var.api_throttle
  partners       = var.partners
  partner_limits = var.partner_limits

  log_retention_days = var.log_retention_days
  kms_key_arn        = module.key.arn
  alarm_actions      = module.alerting.actions
  runbook_base_url   = var.runbook_base_url
}
