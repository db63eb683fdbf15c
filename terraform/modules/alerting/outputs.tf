# An alarm by itself informs, however urgent: the fault behind it rarely sets off only one. What pages are the few composite
# alarms of module paging, each once for everything that it gathers.
output "actions" {
  description = "Actions of single alarms by their urgency (page, inform), as the other modules take them."
  value       = { for urgency in keys(local.topics) : urgency => [aws_sns_topic.this["inform"].arn] }
}

output "page_actions" {
  description = "Actions that wake someone, for module paging."
  value       = [aws_sns_topic.this["page"].arn]
}
