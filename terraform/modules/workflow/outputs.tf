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
