# Two readers of one stream (as many as DynamoDB serves well): the read model and the outbox fail and recover apart.
module "stream_trigger" {
  source   = "../../modules/stream-trigger"
  for_each = toset(["project", "publish"])

  name              = "order-events"
  stream_arn        = module.order_events.stream_arn
  function_name     = module.service.function[each.key].name
  alias_arn         = module.service.function[each.key].alias_arn
  role_name         = module.service.function[each.key].role_name
  failure_queue_arn = module.service.function[each.key].failure_queue.arn

  # Events are only ever added; anything else on the table is repair work by people and says nothing new.
  filters = [jsonencode({ eventName = ["INSERT"] })]

  alarm_actions    = var.stack.alarm_actions
  runbook_base_url = var.stack.runbook_base_url
}
