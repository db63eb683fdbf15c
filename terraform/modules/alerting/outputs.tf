output "actions" {
  description = "Alarm actions by urgency: { page = [ARN], inform = [ARN] }, as the other modules take them."
  value       = { for topic in keys(local.topics) : topic => [aws_sns_topic.this[topic].arn] }
}
