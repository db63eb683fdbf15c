output "id" {
  description = "Id of the API."
  value       = aws_api_gateway_rest_api.this.id
}

output "stage" {
  description = "Name of the stage."
  value       = aws_api_gateway_stage.this.stage_name
}

output "url" {
  description = "Base address of the stage on AWS."
  value       = "https://${aws_api_gateway_rest_api.this.id}.execute-api.${data.aws_region.current.name}.amazonaws.com/${aws_api_gateway_stage.this.stage_name}"
}

output "partner_api_keys" {
  description = "API keys by partner."
  value       = { for partner, key in aws_api_gateway_api_key.partner : partner => key.value }
  sensitive   = true
}

output "definition" {
  description = "Hash of what the current deployment serves."
  value       = aws_api_gateway_deployment.this.triggers.definition
}

output "targets" {
  description = "What each route invokes (integration) and may invoke (permission, name:alias)."
  value = {
    for route in keys(var.routes) : route => {
      integration = aws_api_gateway_integration.this[route].uri
      permission  = "${aws_lambda_permission.this[route].function_name}:${aws_lambda_permission.this[route].qualifier}"
    }
  }
}

output "metrics" {
  description = "Dimensions (a map) under which AWS/ApiGateway counts the requests of the stage."
  value       = local.stage_dimensions
}

output "catalog" {
  description = "For the catalog of services: the API with its alarms, widgets and usage."
  value       = [{ type = "rest-api", name = var.name, stage = "requests", alarms = local.alarm_catalog, widgets = local.widgets, usage = local.usage, log_group = aws_cloudwatch_log_group.access.name }]
}
