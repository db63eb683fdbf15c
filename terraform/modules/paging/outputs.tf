output "alarms" {
  description = "The composite alarms by name: kind and urgency, as in the catalogs."
  value = merge(
    { for alarm in aws_cloudwatch_composite_alarm.service : alarm.alarm_name => { kind = "service-urgent", urgency = "page" } },
    { (aws_cloudwatch_composite_alarm.known_cause.alarm_name) = { kind = "known-cause", urgency = "none" } },
    { (aws_cloudwatch_composite_alarm.customers.alarm_name) = { kind = "customers-affected", urgency = "page" } },
  )
}

output "paging_arns" {
  description = "ARNs of the alarms that page, by name, for dashboards."
  value = merge(
    { (aws_cloudwatch_composite_alarm.customers.alarm_name) = aws_cloudwatch_composite_alarm.customers.arn },
    { for alarm in aws_cloudwatch_composite_alarm.service : alarm.alarm_name => alarm.arn },
  )
}

output "rules" {
  description = "What each service pages for: the rule of its alarm."
  value       = { for service, alarm in aws_cloudwatch_composite_alarm.service : service => alarm.alarm_rule }
}
