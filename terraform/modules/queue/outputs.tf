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
