# One fault sets off many alarms. What wakes someone is one composite alarm for each service, over all of its urgent alarms:
# it pages when the first of them fires and stays quiet for the others, which inform.
locals {
  urgent = {
    for service, alarms in var.services : service => sort([for name, alarm in alarms : name if alarm.urgency == "page"])
  }
  causes = { for service, names in local.urgent : service => names if length(names) > 0 }
  # Symptoms that customers see: their cause is usually in a service, which has paged then.
  symptoms = sort([for name, alarm in var.symptoms : name if alarm.urgency == "page"])
}

resource "aws_cloudwatch_composite_alarm" "service" {
  for_each = local.causes

  alarm_name        = "${var.name}-${each.key}-urgent"
  alarm_description = "${each.key} needs someone now; this message names the alarm that says why. Runbook: ${var.runbook_base_url}/service-urgent.md"
  alarm_rule        = join(" OR ", [for name in each.value : "ALARM(\"${name}\")"])

  alarm_actions = var.page_actions
  ok_actions    = var.page_actions

  lifecycle {
    precondition {
      condition     = length(each.value) <= 100
      error_message = "${each.key} has ${length(each.value)} urgent alarms, and CloudWatch takes 100 in one composite alarm: let some only inform."
    }
  }
}

# Tells no one: it is what holds the next one back.
resource "aws_cloudwatch_composite_alarm" "known_cause" {
  alarm_name        = "${var.name}-known-cause"
  alarm_description = "A service needs someone and has paged: what customers see of it needs no second page. Runbook: ${var.runbook_base_url}/known-cause.md"
  alarm_rule        = join(" OR ", [for alarm in aws_cloudwatch_composite_alarm.service : "ALARM(\"${alarm.alarm_name}\")"])
}

resource "aws_cloudwatch_composite_alarm" "customers" {
  alarm_name        = "${var.name}-customers-affected"
  alarm_description = "Customers see failures, and no service says why; this message names the alarm. Runbook: ${var.runbook_base_url}/customers-affected.md"
  alarm_rule        = join(" OR ", [for name in local.symptoms : "ALARM(\"${name}\")"])

  actions_suppressor {
    alarm            = aws_cloudwatch_composite_alarm.known_cause.alarm_name
    wait_period      = var.wait_for_cause_seconds
    extension_period = var.wait_for_cause_seconds
  }

  alarm_actions = var.page_actions
  ok_actions    = var.page_actions
}
