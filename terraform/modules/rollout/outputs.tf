output "application" {
  description = "Name of the CodeDeploy application."
  value       = aws_codedeploy_app.this.name
}

output "groups" {
  description = "Deployment groups by <service>.<function>."
  value       = { for key, group in aws_codedeploy_deployment_group.this : key => group.deployment_group_name }
}

output "hook" {
  description = "What a deployment names as its hook BeforeAllowTraffic, <function>:<alias>; null for none."
  value       = var.hook == null ? null : "${var.hook.name}:${var.hook.alias}"
}
