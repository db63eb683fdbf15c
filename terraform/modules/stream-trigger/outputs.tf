output "uuid" {
  description = "Id of the mapping, to pause it: aws lambda update-event-source-mapping --no-enabled --uuid <uuid>."
  value       = aws_lambda_event_source_mapping.this.uuid
}

output "target" {
  description = "ARN of what the mapping invokes."
  value       = aws_lambda_event_source_mapping.this.function_name
}

output "catalog" {
  description = "For the catalog of services: the trigger with its alarms and widgets."
  value       = [{ type = "trigger", name = var.function_name, stage = "stream", alarms = local.alarms, widgets = local.widgets, usage = [] }]
}
