output "name" {
  description = "Name of the state machine."
  value       = aws_sfn_state_machine.this.name
}

output "arn" {
  description = "ARN of the state machine, for reading its executions. What starts them names the alias."
  value       = aws_sfn_state_machine.this.arn
}

output "alias_arn" {
  description = "ARN of the alias: what triggers start."
  value       = aws_sfn_alias.live.arn
}

output "invokes" {
  description = "ARNs that the role may invoke, by their name in the definition."
  value       = var.functions
}

output "catalog" {
  description = "For the catalog of services: the state machine with its alarms and widgets. Step Functions has no metric of the transitions that it bills."
  value       = [{ type = "workflow", name = var.name, stage = "work", alarms = local.alarms, widgets = local.widgets, usage = [], log_group = aws_cloudwatch_log_group.this.name }]
}
