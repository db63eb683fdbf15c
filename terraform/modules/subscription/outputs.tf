output "rule_name" {
  description = "Name of the rule, to pause it: aws events disable-rule."
  value       = aws_cloudwatch_event_rule.this.name
}

output "target" {
  description = "ARN of what the rule delivers to."
  value       = aws_cloudwatch_event_target.this.arn
}

output "dead_letters" {
  description = "URL of the queue of events that could not be delivered."
  value       = module.dead_letters.url
}

output "catalog" {
  description = "For the catalog of services: the queue of events that could not be delivered."
  value       = module.dead_letters.catalog
}
