output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "alias" {
  description = "Name of the alias that every trigger invokes."
  value       = aws_lambda_alias.live.name
}

output "alias_arn" {
  description = "ARN of the alias: what triggers, rules and mappings target."
  value       = aws_lambda_alias.live.arn
}

output "alias_invoke_arn" {
  description = "ARN by which API Gateway invokes the alias."
  value       = aws_lambda_alias.live.invoke_arn
}

output "version" {
  description = "Newest published version; the alias may still be at an older one."
  value       = aws_lambda_function.this.version
}

output "canary_alarms" {
  description = "Names of the alarms on the newest version alone, by which a release is rolled back."
  value       = sort([for alarm in aws_cloudwatch_metric_alarm.canary : alarm.alarm_name])
}

output "role_name" {
  description = "Name of the role, to which triggers attach what they need."
  value       = aws_iam_role.this.name
}

output "catalog" {
  description = "For the catalog of services: the function and its failure queue, each with its alarms, widgets and usage."
  value = concat(
    [{ type = "function", name = var.name, stage = var.stage, alarms = local.alarms, widgets = local.widgets, usage = local.usage, log_group = aws_cloudwatch_log_group.this.name }],
    module.failures.catalog,
  )
}

output "failure_queue" {
  description = "The queue that takes what failed for good."
  value       = { arn = module.failures.arn, url = module.failures.url, name = module.failures.name }
}

# There is deliberately no ARN of the bare function: a trigger on it would bypass alias, canary and rollback.
