output "uuid" {
  description = "Id of the mapping, to pause it: aws lambda update-event-source-mapping --no-enabled --uuid <uuid>."
  value       = aws_lambda_event_source_mapping.this.uuid
}

output "target" {
  description = "ARN of what the mapping invokes."
  value       = aws_lambda_event_source_mapping.this.function_name
}
