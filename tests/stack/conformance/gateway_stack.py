"""Terraform of everything around a REST API that the local cloud knows, and the same with each of it changed."""

STACK = """
resource "aws_iam_role" "gateway" {
  name = "terraform-gateway"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "apigateway.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_api_gateway_rest_api" "it" {
  name               = "terraform-api"
  binary_media_types = ["image/png"]
  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_resource" "messages" {
  rest_api_id = aws_api_gateway_rest_api.it.id
  parent_id   = aws_api_gateway_rest_api.it.root_resource_id
  path_part   = "messages"
}

resource "aws_api_gateway_model" "message" {
  rest_api_id  = aws_api_gateway_rest_api.it.id
  name         = "Message"
  content_type = "application/json"
  schema       = jsonencode({ type = "object", required = ["text"] })
}

resource "aws_api_gateway_request_validator" "all" {
  rest_api_id                 = aws_api_gateway_rest_api.it.id
  name                        = "all"
  validate_request_body       = true
  validate_request_parameters = true
}

resource "aws_api_gateway_method" "post" {
  rest_api_id          = aws_api_gateway_rest_api.it.id
  resource_id          = aws_api_gateway_resource.messages.id
  http_method          = "POST"
  authorization        = "NONE"
  request_validator_id = aws_api_gateway_request_validator.all.id
  request_models       = { "application/json" = aws_api_gateway_model.message.name }
  request_parameters   = { "method.request.header.One" = true, "method.request.querystring.page" = false }
}

resource "aws_api_gateway_integration" "post" {
  rest_api_id             = aws_api_gateway_rest_api.it.id
  resource_id             = aws_api_gateway_resource.messages.id
  http_method             = aws_api_gateway_method.post.http_method
  type                    = "AWS"
  integration_http_method = "POST"
  uri                     = "arn:aws:apigateway:eu-west-1:sqs:path/000000000000/$${stageVariables.queue}"
  credentials             = aws_iam_role.gateway.arn
  passthrough_behavior    = "NEVER"
  cache_key_parameters    = ["method.request.querystring.page"]
  request_parameters = {
    "integration.request.header.Content-Type" = "'application/x-www-form-urlencoded'"
  }
  request_templates = { "application/json" = "Action=SendMessage&MessageBody=$util.urlEncode($input.body)" }
}

resource "aws_api_gateway_method_response" "post" {
  rest_api_id         = aws_api_gateway_rest_api.it.id
  resource_id         = aws_api_gateway_resource.messages.id
  http_method         = aws_api_gateway_method.post.http_method
  status_code         = "202"
  response_parameters = { "method.response.header.X-Request" = true }
}

resource "aws_api_gateway_integration_response" "post" {
  rest_api_id         = aws_api_gateway_rest_api.it.id
  resource_id         = aws_api_gateway_resource.messages.id
  http_method         = aws_api_gateway_integration.post.http_method
  status_code         = aws_api_gateway_method_response.post.status_code
  selection_pattern   = "2\\\\d{2}"
  response_parameters = { "method.response.header.X-Request" = "context.requestId" }
  response_templates  = { "application/json" = jsonencode({ status = "accepted" }) }
}

resource "aws_api_gateway_method" "options" {
  rest_api_id   = aws_api_gateway_rest_api.it.id
  resource_id   = aws_api_gateway_resource.messages.id
  http_method   = "OPTIONS"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "options" {
  rest_api_id       = aws_api_gateway_rest_api.it.id
  resource_id       = aws_api_gateway_resource.messages.id
  http_method       = aws_api_gateway_method.options.http_method
  type              = "MOCK"
  request_templates = { "application/json" = jsonencode({ statusCode = 204 }) }
}

resource "aws_api_gateway_gateway_response" "filtered" {
  rest_api_id         = aws_api_gateway_rest_api.it.id
  response_type       = "WAF_FILTERED"
  status_code         = "403"
  response_parameters = { "gatewayresponse.header.Content-Type" = "'application/problem+json'" }
  response_templates  = { "application/json" = jsonencode({ type = "filtered" }) }
}

resource "aws_api_gateway_deployment" "it" {
  rest_api_id = aws_api_gateway_rest_api.it.id
  triggers    = { of = "first" }
  depends_on = [
    aws_api_gateway_integration_response.post,
    aws_api_gateway_integration.options,
    aws_api_gateway_gateway_response.filtered,
  ]
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "it" {
  rest_api_id           = aws_api_gateway_rest_api.it.id
  deployment_id         = aws_api_gateway_deployment.it.id
  stage_name            = "v1"
  cache_cluster_enabled = true
  cache_cluster_size    = "0.5"
  xray_tracing_enabled  = false
  variables             = { queue = "one" }
}

resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.it.id
  stage_name  = aws_api_gateway_stage.it.stage_name
  method_path = "*/*"
  settings {
    metrics_enabled                            = true
    caching_enabled                            = true
    cache_ttl_in_seconds                       = 60
    require_authorization_for_cache_control    = true
    unauthorized_cache_control_header_strategy = "FAIL_WITH_403"
    throttling_rate_limit                      = 100
    throttling_burst_limit                     = 50
  }
}

resource "aws_api_gateway_method_settings" "post" {
  rest_api_id = aws_api_gateway_rest_api.it.id
  stage_name  = aws_api_gateway_stage.it.stage_name
  method_path = "messages/POST"
  settings {
    caching_enabled      = true
    cache_ttl_in_seconds = 30
  }
  depends_on = [aws_api_gateway_method_settings.all]
}

resource "aws_api_gateway_api_key" "it" {
  name = "terraform-key"
}

resource "aws_api_gateway_usage_plan" "it" {
  name = "terraform-plan"
  api_stages {
    api_id = aws_api_gateway_rest_api.it.id
    stage  = aws_api_gateway_stage.it.stage_name
  }
  throttle_settings {
    burst_limit = 20
    rate_limit  = 10
  }
}

resource "aws_api_gateway_usage_plan_key" "it" {
  key_id        = aws_api_gateway_api_key.it.id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.it.id
}

resource "aws_wafv2_ip_set" "blocked" {
  name               = "terraform-blocked"
  scope              = "REGIONAL"
  ip_address_version = "IPV4"
  addresses          = ["203.0.113.0/24"]
}

resource "aws_wafv2_web_acl" "it" {
  name  = "terraform-acl"
  scope = "REGIONAL"
  default_action {
    allow {}
  }
  custom_response_body {
    key          = "slow"
    content      = "slow down"
    content_type = "TEXT_PLAIN"
  }
  rule {
    name     = "blocked"
    priority = 1
    action {
      block {}
    }
    statement {
      ip_set_reference_statement {
        arn = aws_wafv2_ip_set.blocked.arn
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "blocked"
      sampled_requests_enabled   = true
    }
  }
  rule {
    name     = "rate"
    priority = 2
    action {
      block {
        custom_response {
          response_code            = 429
          custom_response_body_key = "slow"
        }
      }
    }
    statement {
      rate_based_statement {
        limit                 = 1000
        aggregate_key_type    = "IP"
        evaluation_window_sec = 60
        scope_down_statement {
          byte_match_statement {
            positional_constraint = "STARTS_WITH"
            search_string         = "/v1/messages"
            field_to_match {
              uri_path {}
            }
            text_transformation {
              priority = 0
              type     = "LOWERCASE"
            }
          }
        }
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = true
    }
  }
  rule {
    name     = "managed"
    priority = 3
    override_action {
      none {}
    }
    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesCommonRuleSet"
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "managed"
      sampled_requests_enabled   = true
    }
  }
  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "acl"
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_association" "it" {
  resource_arn = aws_api_gateway_stage.it.arn
  web_acl_arn  = aws_wafv2_web_acl.it.arn
}

output "api" {
  value = aws_api_gateway_rest_api.it.id
}
"""

CHANGES = (
    ('required = ["text"]', 'required = ["title"]'),
    (
        '"method.request.header.One" = true, ',
        '"method.request.header.One" = false, "method.request.header.Two" = true, ',
    ),
    ('MessageBody=$util.urlEncode($input.body)"', 'MessageBody=changed&DelaySeconds=1"'),
    ('passthrough_behavior    = "NEVER"', 'passthrough_behavior    = "NEVER"\n  timeout_milliseconds = 5000'),
    ('["method.request.querystring.page"]', '["method.request.header.One"]'),
    ('= "context.requestId"', "= \"'changed'\""),
    ('status = "accepted"', 'status = "changed"'),
    ("statusCode = 204", "statusCode = 200"),
    ('type = "filtered"', 'type = "changed"'),
    ('of = "first"', 'of = "second"'),
    ('cache_cluster_size    = "0.5"', 'cache_cluster_size    = "1.6"'),
    ("xray_tracing_enabled  = false", "xray_tracing_enabled  = true"),
    ('queue = "one"', 'queue = "two", other = "three"'),
    ("cache_ttl_in_seconds                       = 60", "cache_ttl_in_seconds                       = 120"),
    ('"FAIL_WITH_403"', '"SUCCEED_WITHOUT_RESPONSE_HEADER"'),
    ("rate_limit  = 10", "rate_limit  = 11"),
    ('["203.0.113.0/24"]', '["203.0.113.0/24", "198.51.100.7/32"]'),
    ("limit                 = 1000", "limit                 = 2000"),
    ('"slow down"', '"slow down, please"'),
    ('["image/png"]', '["image/png", "image/webp"]'),
)


def changed(stack: str) -> str:
    """The stack with every one of the changes."""
    for old, new in CHANGES:
        assert old in stack, old
        stack = stack.replace(old, new)
    return stack
