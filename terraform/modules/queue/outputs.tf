output "arn" {
  description = "ARN of the queue."
  value       = aws_sqs_queue.this.arn
}

output "url" {
  description = "URL of the queue."
  value       = aws_sqs_queue.this.url
}

output "name" {
  description = "Name of the queue."
  value       = aws_sqs_queue.this.name
}

output "failure_queue_url" {
  description = "URL of the queue where failures end: the dead letter queue, or the queue itself when it is a failure queue."
  value       = var.dead_letters ? aws_sqs_queue.dead_letters[0].url : aws_sqs_queue.this.url
}

output "catalog" {
  description = "For the catalog of services: the queue with its alarms, widgets, usage, and the queue where its failures wait."
  value       = [{ type = "queue", name = var.name, stage = "work", alarms = local.alarms, widgets = local.widgets, usage = local.usage, failure_queue = local.failure_queue }]
}
