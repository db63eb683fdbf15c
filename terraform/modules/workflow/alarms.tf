locals {
  # An execution is a customer's order: one that ends badly is one too many. What counts, why it matters, and whom it concerns.
  endings = {
    failed = {
      metric_name = "ExecutionsFailed"
      means       = "Executions of ${var.name} fail: each is work that stopped half way and needs a person."
      kind        = "workflow-failed"
      urgency     = "page"
      periods     = 1
    }
    timed-out = {
      metric_name = "ExecutionsTimedOut"
      means       = "Executions of ${var.name} time out: each is work that stopped half way, without compensation."
      kind        = "workflow-failed"
      urgency     = "page"
      periods     = 1
    }
    aborted = {
      metric_name = "ExecutionsAborted"
      means       = "Executions of ${var.name} were stopped by hand: nothing was compensated."
      kind        = "workflow-failed"
      urgency     = "inform"
      periods     = 1
    }
    throttled = {
      metric_name = "ExecutionThrottled"
      means       = "Step Functions slows ${var.name} down: more state transitions than the account's quota."
      kind        = "workflow-throttled"
      urgency     = "page"
      periods     = 3
    }
  }
}

# All versions together: an execution that fails is repaired the same way. No execution, no data, nothing wrong.
resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.endings

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = "${each.value.means} Runbook: ${var.runbook_base_url}/${each.value.kind}.md"

  namespace           = "AWS/States"
  metric_name         = each.value.metric_name
  dimensions          = { StateMachineArn = aws_sfn_state_machine.this.arn }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = min(each.value.periods, 2)
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_actions[each.value.urgency]
  ok_actions    = var.alarm_actions[each.value.urgency]
}
