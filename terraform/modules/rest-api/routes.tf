locals {
  authorization = { none = "NONE", iam = "AWS_IAM" }
}

# The same JSON Schema that the handler validates with: what is wrong is refused before it costs an invocation.
resource "aws_api_gateway_model" "body" {
  for_each = { for route, settings in local.routes : route => settings if settings.body_schema != null }

  rest_api_id  = aws_api_gateway_rest_api.this.id
  name         = each.value.model
  description  = "Body of ${each.key}"
  content_type = "application/json"
  schema       = jsonencode(jsondecode(each.value.body_schema))
}

resource "aws_api_gateway_request_validator" "this" {
  rest_api_id                 = aws_api_gateway_rest_api.this.id
  name                        = "body-and-parameters"
  validate_request_body       = true
  validate_request_parameters = true
}

resource "aws_api_gateway_method" "this" {
  for_each = local.routes

  rest_api_id          = aws_api_gateway_rest_api.this.id
  resource_id          = local.resource_ids[each.value.path]
  http_method          = each.value.method
  authorization        = local.authorization[each.value.authorizer]
  api_key_required     = each.value.api_key_required
  request_parameters   = each.value.parameters
  request_validator_id = aws_api_gateway_request_validator.this.id
  request_models       = each.value.body_schema == null ? {} : { "application/json" = aws_api_gateway_model.body[each.key].name }
}

resource "aws_api_gateway_integration" "this" {
  for_each = local.routes

  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_method.this[each.key].resource_id
  http_method             = aws_api_gateway_method.this[each.key].http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST" # how Lambda is invoked, whatever the route's own method
  uri                     = each.value.function.alias_invoke_arn
  timeout_milliseconds    = 29000
  passthrough_behavior    = "WHEN_NO_MATCH"
}

# On the alias, for this method on this path of this API, on any of its stages.
resource "aws_lambda_permission" "this" {
  for_each = local.routes

  statement_id  = "RestApi${each.value.model}"
  action        = "lambda:InvokeFunction"
  function_name = each.value.function.name
  qualifier     = each.value.function.alias
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/*/${each.value.method}/${replace(each.value.path, "/{[^}]*}/", "*")}"
}
