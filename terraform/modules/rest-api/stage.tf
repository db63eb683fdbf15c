# A deployment is a snapshot: it is made anew whenever anything in the rendered definition, or the code that renders it, changes.
resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  description = "Snapshot of the routes of ${var.name}."

  triggers = {
    definition = sha256(jsonencode({
      authorization = local.authorization
      problems      = local.gateway_problems
      details       = local.details
      # What is the same for all routes: validators, integrations, the API itself.
      code = [for file in ["main.tf", "problems.tf", "routes.tf"] : filesha256("${path.module}/${file}")]
      # By name, not by ARN, so that the plan knows the hash before the functions exist.
      routes = { for route, settings in local.routes : route => merge(settings, { function = "${settings.function.name}:${settings.function.alias}" }) }
    }))
  }

  depends_on = [
    aws_api_gateway_gateway_response.this,
    aws_api_gateway_integration.this,
    aws_api_gateway_method.this,
    aws_api_gateway_model.body,
    aws_api_gateway_request_validator.this,
  ]

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  # No address, no user agent, no header: nothing that tells of a person.
  access_log_fields = {
    time                = "$context.requestTimeEpoch"
    request_id          = "$context.requestId"
    extended_request_id = "$context.extendedRequestId"
    trace_id            = "$context.xrayTraceId"
    method              = "$context.httpMethod"
    route               = "$context.resourcePath"
    status              = "$context.status"
    latency_ms          = "$context.responseLatency"
    integration_ms      = "$context.integrationLatency"
    integration_status  = "$context.integrationStatus"
    integration_error   = "$context.integrationErrorMessage"
    response_type       = "$context.error.responseType"
    response_bytes      = "$context.responseLength"
    partner_id          = "$context.identity.apiKeyId"
  }

  # These two are always numbers: without quotes, so that a log filter can compare them. Others are "-" when there is nothing to say.
  access_log_format = replace(jsonencode(local.access_log_fields), "/\"(\\$context\\.(status|responseLatency))\"/", "$1")
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/apigateway/${var.name}/access"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_api_gateway_stage" "this" {
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = var.stage_name
  description          = "Version ${var.stage_name} of ${var.name}."
  variables            = var.stage_variables
  xray_tracing_enabled = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = local.access_log_format
  }
}

# The execution log stays off: it would repeat the access log, and could show bodies.
resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    logging_level          = "OFF"
    data_trace_enabled     = false
    throttling_rate_limit  = var.throttle.requests_per_second
    throttling_burst_limit = var.throttle.burst
  }
}
