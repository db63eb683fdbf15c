module "stream_trigger" {
  source = "../../modules/stream-trigger"

  name              = "stock"
  stream_arn        = module.table["stock"].stream_arn
  function_name     = module.service.function["alert"].name
  alias_arn         = module.service.function["alert"].alias_arn
  role_name         = module.service.function["alert"].role_name
  failure_queue_arn = module.service.function["alert"].failure_queue.arn

  alarm_actions    = var.stack.alarm_actions
  runbook_base_url = var.stack.runbook_base_url
}

# A reservation is given back at most a minute after its time; what one run does not do is due in the next.
module "schedule" {
  source = "../../modules/schedule"

  name              = module.service.function["expire"].name
  description       = "Gives back the reservations whose time is over."
  expression        = "rate(1 minute)"
  function_name     = module.service.function["expire"].name
  alias_arn         = module.service.function["expire"].alias_arn
  failure_queue_arn = module.service.function["expire"].failure_queue.arn
  max_age_seconds   = 60
}
